// The contract between the agent and the files that it loads when a library is first used; each of them is a bundle of its own.

import type { libraryNames } from '../../config/library-names.ts';

/** The name of an instrumentation, as in `instrumentations.<name>`. */
export type LibraryName = (typeof libraryNames)[number];

/** An instrumentation, and the packages it is for. */
export interface LibraryRow {
  readonly name: LibraryName;
  /** The package that holds it, and the class that it exports; of those that are ours alone there is none. */
  readonly package?: string;
  readonly exported?: string;
  /** Module -> the ranges of versions that are supported. */
  readonly modules: Readonly<Record<string, readonly string[]>>;
}

/** What one instrumentation does to a package. */
export interface LibraryHook {
  /** The package that it wants to see; Node's own modules by their plain name. */
  readonly module: string;
  /** Gets the exports of every file of the package, named as `pg` or `pg/lib/client.js`, and gives them back, or others. */
  readonly patch: (exports: unknown, name: string, folder: string | undefined) => unknown;
}

/** Options of an instrumentation, as a configuration gives them. */
export type LibraryOptions = Readonly<Record<string, unknown>>;

/** What the agent gives to an instrumentation's bundle, which shares nothing else with it. */
export interface LibraryHost {
  /** Told of what went wrong in the instrumentation, and is contained. */
  readonly onError: (error: unknown) => void;
  /** Takes what turns the instrumentation off, should it fail too often. */
  readonly onTurnOff: (turnOff: () => void) => void;
}

/** The exports of the bundle of one instrumentation. */
export interface LibraryBundle {
  /** Starts it. */
  start(options: LibraryOptions, host: LibraryHost): readonly LibraryHook[];
  /** Whether a version lies in one of the ranges. */
  isSupported(version: string, ranges: readonly string[]): boolean;
}

/** What became of a package that the program uses. */
export type LibraryState = 'traced' | 'unsupported' | 'too-late' | 'disabled' | 'failed';

/** One copy of a package that the program uses. */
export interface SeenLibrary {
  /** Of the package, such as `pg-pool`. */
  readonly name: string;
  readonly version: string | undefined;
  readonly folder: string;
  readonly instrumentation: LibraryName;
  readonly state: LibraryState;
  /** Why it is not traced. */
  readonly reason?: string;
}
