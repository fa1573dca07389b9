// Called by options.ts: a row for every instrumentation, so that a name that does not exist gets the nearest one.
import * as v from 'valibot';
import { libraryNames } from './library-names.ts';
import { findNearest } from './nearest.ts';
import { type Option, type Variable, option } from './option.ts';
import { flag } from './schemas.ts';
import { toList } from './variables.ts';

/** Instrumentations that are ours; the rest are libraries'. */
const OWN_NAMES = ['http', 'undici'] as const;
/** Of Node's own modules: a span for every file and socket is too much for most. */
const OFF: ReadonlySet<string> = new Set(['dns', 'fs', 'net']);
const FRAMEWORKS: ReadonlySet<string> = new Set(['connect', 'express', 'fastify', 'hapi', 'koa', 'restify', 'router']);
/** OpenTelemetry's names for what the agent does otherwise, or not at all. */
const OTHER_NAMES = ['runtime-node', 'host-metrics'];
const NAMES: readonly string[] = [...OWN_NAMES, ...libraryNames, ...OTHER_NAMES];

type OwnName = (typeof OWN_NAMES)[number];
type LibraryName = (typeof libraryNames)[number];
type LibraryInput = boolean | Record<string, unknown>;

type Rows = { [K in OwnName as `instrumentations.${K}`]: Option<boolean, boolean, true> } & {
  [K in LibraryName as `instrumentations.${K}`]: Option<LibraryInput, LibraryInput, undefined>;
};

/** `instrumentations.<name>`. */
export const instrumentationOptions: Rows = Object.fromEntries([
  ...OWN_NAMES.map((name, index) => [`instrumentations.${name}`, toOwnRow(name, index === 0)]),
  ...libraryNames.map((name) => [`instrumentations.${name}`, toLibraryRow(name)]),
  // Object.fromEntries forgets the names that it is given.
]) as Rows;

/** Whether an option is the instrumentation of a library. */
export function isLibraryOption(key: string): boolean {
  return libraryNames.some((name) => key === `instrumentations.${name}`);
}

function toOwnRow(name: OwnName, isFirst: boolean): Option<boolean, boolean, true> {
  const what = name === 'http' ? 'the http, https and http2 modules of Node' : 'fetch and the package undici';
  return option({
    schema: flag,
    default: true,
    env: toVariables(name, isFirst),
    doc: `Whether requests of ${what} are traced.`,
  });
}

function toLibraryRow(name: LibraryName): Option<LibraryInput, LibraryInput, undefined> {
  const what = OFF.has(name) ? 'Off unless asked for.' : 'On when the program uses the library.';
  const more = FRAMEWORKS.has(name) ? ' middleware: true adds a span for every piece of middleware and handler.' : '';
  return option({
    schema: () => v.union([flag(), v.record(v.string(), v.unknown())], 'true, false or an object with options'),
    default: undefined,
    env: toVariables(name, false),
    doc: `The instrumentation of ${name}: true, false, or options of its own. ${what}${more}`,
  });
}

/** @note One row alone, the first, says which names in the variables do not exist. */
function toVariables(name: string, isFirst: boolean): readonly Variable[] {
  return [
    {
      name: 'OTEL_NODE_DISABLED_INSTRUMENTATIONS',
      read: (text) => toReading(toList(text), isFirst, (names) => (names.includes(name) ? false : undefined)),
    },
    {
      name: 'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
      read: (text) =>
        toReading(toList(text), isFirst, (names) => {
          if (!names.includes(name)) return false;
          // Where it is on anyhow, the options that a file may give stay.
          return OFF.has(name) ? true : undefined;
        }),
    },
  ];
}

function toReading(
  names: readonly string[],
  isFirst: boolean,
  decide: (names: readonly string[]) => boolean | undefined,
): ReturnType<Variable['read']> {
  const wrong = isFirst ? names.filter((name) => !NAMES.includes(name)).map(toPhrase) : [];
  const value = decide(names);
  return value === undefined && wrong.length === 0 ? undefined : { value, wrong };
}

function toPhrase(name: string): string {
  const meant = findNearest(name, NAMES, '.');
  return meant === undefined
    ? 'expected names of instrumentations'
    : `expected the name of an instrumentation (did you mean ${meant}?)`;
}
