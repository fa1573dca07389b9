// Used by main.ts and every command beside it: what a command is, and how its arguments are read.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { findNearest } from '../config/nearest.ts';

/** One of `tracing`'s commands. */
export interface Command {
  /** Its first line is an example. */
  readonly help: string;
  /** Resolves with the exit code: 0 done, 1 a check failed, 2 wrong usage; of `run` that of the program. */
  run(args: readonly string[]): number | Promise<number>;
}

/** An exit code that is nobody else's. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Thrown where the command line says something that cannot be; the message is one line. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>;

/**
 * Reads options and names.
 * @throws UsageError for an option that does not exist, with the nearest that does
 */
export function parse<const O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(toReason(error, Object.keys(options)), { cause: error });
  }
}

function toReason(error: unknown, known: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, given] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
  if (given === undefined) return message.split(/[.\n]/, 1)[0] ?? message;
  return `${given} is not an option${toHint(given.replace(/^-+/, ''), known, '--')}`;
}

/** ` (did you mean run?)`, or nothing where no name is near. */
export function toHint(name: string, known: readonly string[], prefix = ''): string {
  const meant = findNearest(name, known, '.');
  return meant === undefined ? '' : ` (did you mean ${prefix}${meant}?)`;
}
