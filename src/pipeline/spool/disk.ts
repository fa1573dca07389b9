// Used by the files beside it: the disk. What the spool does to it is written once, as generators that yield each step; `runAsync` waits for
// the steps beside the application's work, `runSync` blocks for them when the process leaves.
import type { Stats } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';

/** One thing that is asked of the disk, in both ways. */
interface Step {
  readonly block: () => unknown;
  readonly wait: () => Promise<unknown>;
}

/** What ends in a `T` after some steps. */
export type Steps<T> = Generator<Step, T, unknown>;

// Taken at load: an application under test that fakes its timers must not stop ours.
const { setImmediate } = globalThis;

// Taken at load: a program that replaces functions of node:fs (a test's fake disk) must not get our spans.
const { lstat, stat, mkdir, readdir, rename, unlink, open, read, write, close } = process.getBuiltinModule('node:fs');
const {
  lstatSync,
  statSync,
  mkdirSync,
  readdirSync,
  renameSync,
  unlinkSync,
  openSync,
  readSync,
  writeSync,
  closeSync,
} = process.getBuiltinModule('node:fs');
const lstatAsync = promisify(lstat) as (path: string) => Promise<Stats>;
const statAsync = promisify(stat) as (path: string) => Promise<Stats>;
const readdirAsync = promisify(readdir) as (path: string) => Promise<string[]>;
const openAsync = promisify(open) as (path: string, flags: number, mode: number) => Promise<number>;
const [mkdirAsync, renameAsync, unlinkAsync] = [promisify(mkdir), promisify(rename), promisify(unlink)];
const [readAsync, writeAsync, closeAsync] = [promisify(read), promisify(write), promisify(close)];

/** Entered by its owner only. */
const FOR_US = { mode: 0o700 } as const;
const WITH_THOSE_ABOVE = { ...FOR_US, recursive: true } as const;

function* step<T>(block: () => T, wait: () => Promise<T>): Steps<T> {
  // Whoever runs the steps hands in what this one came to.
  return (yield { block, wait }) as T;
}

/** Lets the application go on in between, where it can. */
export const breathe = (): Steps<unknown> =>
  step<unknown>(
    () => undefined,
    () => new Promise((resolve) => setImmediate(resolve)),
  );

/** About the path itself, also where it is a link. */
export const lookAt = (path: string): Steps<Stats> =>
  step(
    () => lstatSync(path),
    () => lstatAsync(path),
  );

/** About what a link leads to. */
export const follow = (path: string): Steps<Stats> =>
  step(
    () => statSync(path),
    () => statAsync(path),
  );

/** Makes a folder that only its owner enters, and those above it that are missing. */
export function* makeFolder(path: string): Steps<void> {
  const make = (options: typeof FOR_US): Steps<unknown> =>
    step<unknown>(
      () => mkdirSync(path, options),
      () => mkdirAsync(path, options),
    );
  try {
    // The recursive one says ENOENT of a disk that is read-only.
    yield* make(FOR_US);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
    yield* make(WITH_THOSE_ABOVE);
  }
}

export const listNames = (path: string): Steps<string[]> =>
  step(
    () => readdirSync(path),
    () => readdirAsync(path),
  );

/** False where there is nothing to move: somebody else was here before. */
export const move = (from: string, to: string): Steps<boolean> =>
  wasThere(
    step(
      () => renameSync(from, to),
      () => renameAsync(from, to),
    ),
  );

/** False where there is nothing to remove. */
export const remove = (path: string): Steps<boolean> =>
  wasThere(
    step(
      () => unlinkSync(path),
      () => unlinkAsync(path),
    ),
  );

function* wasThere(steps: Steps<void>): Steps<boolean> {
  const done = function* (): Steps<true> {
    yield* steps;
    return true;
  };
  return (yield* ifThere(done())) === true;
}

/** Opens a file for the time of `use`. */
export function* withFile<T>(
  path: string,
  { flags, mode = 0 }: { readonly flags: number; readonly mode?: number },
  use: (file: number) => Steps<T>,
): Steps<T> {
  const file = yield* step(
    () => openSync(path, flags, mode),
    () => openAsync(path, flags, mode),
  );
  try {
    return yield* use(file);
  } finally {
    yield* step(
      () => closeSync(file),
      () => closeAsync(file),
    );
  }
}

/** Fills `into`; what comes back is shorter where the file is. */
export function* readInto(file: number, into: Uint8Array): Steps<Uint8Array> {
  let length = 0;
  while (length < into.length) {
    const rest = into.subarray(length);
    const more = yield* step(
      () => readSync(file, rest),
      async () => (await readAsync(file, rest, 0, rest.length, null)).bytesRead,
    );
    if (more === 0) break;
    length += more;
  }
  return into.subarray(0, length);
}

/** Writes all of it; a disk that is full takes a part, and says why at the next. */
export function* writeAll(file: number, bytes: Uint8Array): Steps<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const now = rest;
    const written = yield* step(
      () => writeSync(file, now),
      async () => (await writeAsync(file, now)).bytesWritten,
    );
    rest = rest.subarray(written);
  }
}

/** Undefined where there is no such file, any more or at all. */
export function* ifThere<T>(steps: Steps<T>): Steps<T | undefined> {
  try {
    return yield* steps;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function runAsync<T>(steps: Steps<T>): Promise<T> {
  let result = steps.next();
  while (result.done !== true) {
    const { wait } = result.value;
    result = await wait().then(
      (value) => steps.next(value),
      (error: unknown) => steps.throw(error),
    );
  }
  return result.value;
}

export function runSync<T>(steps: Steps<T>): T {
  let result = steps.next();
  while (result.done !== true) {
    let value;
    try {
      value = result.value.block();
    } catch (error) {
      result = steps.throw(error);
      continue;
    }
    result = steps.next(value);
  }
  return result.value;
}
