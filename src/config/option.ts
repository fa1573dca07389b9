// Called by options.ts for every row of the option table: the shape of a row, and the types that are derived from it.
// Published types lead here (defineConfig), so nothing of valibot may be named: users do not have it.

/** The environment variables of the process, or a stand-in of the same shape. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * What a variable says about an option: a value that the option's schema still has to accept, beside what could not be read
 * (`wrong`, one phrase each); or nothing at all.
 */
type Reading = { readonly value: unknown; readonly wrong?: readonly string[] } | undefined;

/** One variable that an option can be set by. `read` gets trimmed, non-empty text. */
export interface Variable {
  readonly name: string;
  readonly read: (text: string, env: Env) => Reading;
}

/** As much of a valibot schema (of any Standard Schema) as types are derived from. */
export interface Schema<In = unknown, Out = unknown> {
  readonly '~standard': { readonly types?: { readonly input: In; readonly output: Out } | undefined };
}

/** One row of the option table. The messages of `schema` are the words that follow "expected" in a report. */
export interface Option<In = unknown, Out = unknown, D = unknown> {
  /** A function, so that a start without configuration builds no schema. */
  readonly schema: () => Schema<In, Out>;
  readonly default: D;
  /** Variables in the order in which they are asked; the first that is set decides. */
  readonly env?: readonly Variable[];
  /** One or two sentences for the JSON schema and the reference page. */
  readonly doc: string;
  /** Values may be credentials: reports name their type only. Everything under `url.` is secret without saying so. */
  readonly secret?: true;
  /** Values that a later version accepts; the report says so instead of "expected". */
  readonly later?: readonly string[];
  /** Reads a string that a file gives where the schema wants something else. */
  readonly text?: (text: string) => unknown;
}

type Immutable<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer E)[]
    ? readonly Immutable<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Immutable<T[K]> }
      : T;

/** What the program reads for a row: the schema's output, or undefined where the default is. */
export type OptionValue<O> =
  O extends Option<infer _, infer Out, infer D>
    ? undefined extends D
      ? Immutable<Out> | undefined
      : Immutable<Out>
    : never;

/** What a person may write for a row. */
export type OptionInput<O> = O extends Option<infer In> ? Immutable<In> : never;

/** Makes a row; it only fixes the types. */
export function option<In, Out, const D>(
  row: Option<In, Out, D> & { readonly default: Immutable<Out> | undefined },
): Option<In, Out, D> {
  return row;
}
