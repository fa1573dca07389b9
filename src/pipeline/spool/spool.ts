// Made by start-pipeline.ts where `export.spool.dir` names a folder: batches that could not be delivered wait there, for this process or the next.
import { constants } from 'node:fs';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { EncodedBatch } from '../../exporters/destination.ts';
import { type Steps, ifThere, lookAt, move, readInto, remove, runAsync, runSync, withFile, writeAll } from './disk.ts';
import { readContent, toContent, toFileBytes } from './file-content.ts';
import { type SpoolFile, toHeldName, toName } from './file-name.ts';
import { FolderRefused, isOwn, listFolder, openFolder } from './folder.ts';
import { stopwatch } from '../../log/stopwatch.ts';
import { describeSelf } from './owner.ts';

/** A whole request, redacted and encoded, as it is sent. */
export type StoredBatch = Pick<EncodedBatch, 'body' | 'items'>;

/** A batch that this process sends and no other. Whoever takes it calls one of the two, once. */
export interface TakenBatch extends StoredBatch {
  /** It is delivered, or will never be: its file goes. */
  done(): Promise<void>;
  /** It is not delivered: it waits for the next to take it. */
  release(): Promise<void>;
}

/** What is lost of the spool, whatever process and destination it was from. */
export interface SpoolDrop {
  readonly key: string;
  readonly items: number;
  readonly reason: Error;
}

export interface SpoolOptions {
  /** Absolute. */
  readonly dir: string;
  /** Of all files in the folder; one counts as 16 KiB at least. */
  readonly maxBytes: number;
  readonly maxAgeMillis: number;
  readonly onDrop: (drop: SpoolDrop) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** The batches for one destination. Nothing here throws or rejects: what is wrong with the folder is said, once. */
export interface SpoolStore {
  /** Resolves with false where the batch is not kept. */
  put(batch: StoredBatch): Promise<boolean>;
  /** The same, blocking: for a process that is leaving. */
  putSync(batch: StoredBatch): boolean;
  /** The oldest batch that nobody else is sending; undefined when there is none. */
  take(): Promise<TakenBatch | undefined>;
}

export interface Spool {
  /** @param key tells where and how a batch may be sent (destination-key.ts); what has another key is left for others. */
  forDestination(key: string): SpoolStore;
}

// Taken at load: an application under test that fakes its clock must not date our files.
const wallClock = Date.now;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** Not on Windows. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** What a file counts as at least: by 512 MiB, there are never more than 32,768 to look through. */
const LEAST_BYTES = 16 * 1024;
/** No batch comes near; a file that claims to hold more is none of ours. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Listing never takes more than a part of the time: a listing that took a millisecond is good for twenty. */
const FRESH_FACTOR = 20;
const LONGEST_FRESH_MILLIS = 5000;
const MAX_NAMES_SAID = 3;

const IS_FULL = new Error('the spool was full (export.spool.maxBytes)');
const IS_OLD = new Error('they were in the spool for too long (export.spool.maxAgeMillis)');
const IS_DAMAGED = new Error('their file in the spool was damaged');

/** Opens nothing yet: the folder is looked at when something is put or taken. */
export function openSpool(options: SpoolOptions): Spool {
  const folder = new SpoolFolder(options);
  return {
    forDestination: (key) => ({
      put: (batch) => folder.put(batch, key),
      putSync: (batch) => folder.putSync(batch, key),
      take: () => folder.take(key),
    }),
  };
}

class SpoolFolder {
  readonly #options: SpoolOptions;
  readonly #now: () => number;
  #self: string | undefined;
  /** As of the last listing, and what this process did since. */
  #waiting: SpoolFile[] = [];
  #heldBytes = 0;
  #freshUntil = 0;
  /** What this process writes and sends at the moment. */
  #ownBytes = 0;
  /** Files that this process cannot send. */
  readonly #skipped = new Set<string>();
  readonly #said = new Set<string>();
  /**
   * A batch that was still being written when the process left is written once more, blocking. It gets the same name then: the first may have
   * come to its end after all.
   */
  readonly #written = new WeakMap<StoredBatch, SpoolFile>();

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#now = options.now ?? wallClock;
  }

  put(batch: StoredBatch, key: string): Promise<boolean> {
    return runAsync(this.#put(batch, key)).catch((error: unknown) => this.#sayNotKept(error));
  }

  putSync(batch: StoredBatch, key: string): boolean {
    try {
      return runSync(this.#put(batch, key));
    } catch (error) {
      return this.#sayNotKept(error);
    }
  }

  take(key: string): Promise<TakenBatch | undefined> {
    return runAsync(this.#take(key)).catch((error: unknown) => this.#sayNotSent(error));
  }

  *#put(batch: StoredBatch, key: string): Steps<boolean> {
    const { dir, maxBytes } = this.#options;
    yield* openFolder(dir);
    const bytes = toFileBytes(batch);
    if (bytes > Math.min(maxBytes, MAX_FILE_BYTES)) return false;
    const before = this.#written.get(batch);
    const file = before ?? this.#toFile(batch, bytes, key);
    this.#written.set(batch, file);
    const { base } = file;
    const held = this.#toHeld(base, 'writing', before === undefined ? 0 : 1);
    // Before there is room: what is put at the same time must not take the same.
    this.#ownBytes += toSize(file);
    try {
      if (!(yield* this.#makeRoom())) return false;
      yield* withFile(held, { flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600 }, (descriptor) =>
        writeAll(descriptor, toContent(batch, key)),
      );
      if (!(yield* move(held, join(dir, base)))) return false;
    } catch (error) {
      yield* remove(held);
      throw error;
    } finally {
      this.#ownBytes -= toSize(file);
    }
    this.#waiting.push(file);
    this.#said.delete(NOT_KEPT);
    return true;
  }

  /** Removes the oldest, whomever they are for, until all that is there has room; what is being sent stays. */
  *#makeRoom(): Steps<boolean> {
    if (!this.#isFresh()) yield* this.#list();
    let total = this.#heldBytes + this.#ownBytes + sumSizes(this.#waiting);
    while (total > this.#options.maxBytes) {
      const oldest = this.#waiting.shift();
      if (oldest === undefined) return false;
      yield* this.#drop(oldest, IS_FULL);
      total -= toSize(oldest);
    }
    return true;
  }

  *#list(): Steps<void> {
    const { dir, maxAgeMillis } = this.#options;
    const startMillis = stopwatch();
    const nowMillis = this.#now();
    const { waiting, held, foreign } = yield* listFolder(dir, { self: this.#whoAmI(), nowMillis });
    // A clock that was set back makes no file older: those of its future have no age.
    const isOld = (file: SpoolFile): boolean => nowMillis - file.createdMillis > maxAgeMillis;
    this.#waiting = waiting.filter((file) => !isOld(file));
    this.#heldBytes = sumSizes(held);
    const tookMillis = stopwatch() - startMillis;
    this.#freshUntil = stopwatch() + Math.min(FRESH_FACTOR * tookMillis, LONGEST_FRESH_MILLIS);
    this.#sayForeign(foreign);
    for (const file of waiting) if (isOld(file)) yield* this.#drop(file, IS_OLD);
  }

  /** Only whoever removes the file counts it. */
  *#drop({ base, key, items }: SpoolFile, reason: Error): Steps<void> {
    if (yield* remove(join(this.#options.dir, base))) this.#options.onDrop({ key, items, reason });
  }

  *#take(key: string): Steps<TakenBatch | undefined> {
    yield* openFolder(this.#options.dir);
    for (;;) {
      const file = this.#next(key) ?? (yield* this.#listAndNext(key));
      if (file === undefined) return undefined;
      const batch = yield* this.#claim(file);
      this.#said.delete(NOT_SENT);
      if (batch !== undefined) return batch;
    }
  }

  #next(key: string): SpoolFile | undefined {
    const index = this.#waiting.findIndex((file) => file.key === key && !this.#skipped.has(file.base));
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  *#listAndNext(key: string): Steps<SpoolFile | undefined> {
    if (this.#isFresh()) return undefined;
    yield* this.#list();
    return this.#next(key);
  }

  /** Undefined where somebody else was faster, or where it is not what its name says. */
  *#claim(file: SpoolFile): Steps<TakenBatch | undefined> {
    const path = join(this.#options.dir, file.base);
    const stats = yield* ifThere(lookAt(path));
    if (stats === undefined) return undefined;
    if (!stats.isFile() || !isOwn(stats)) {
      this.#skipped.add(file.base);
      this.#say(`the spool leaves ${path} alone: it is not a file of this user`);
      return undefined;
    }
    const held = this.#toHeld(file.base, 'sending');
    if (!(yield* move(path, held))) return undefined;
    this.#ownBytes += toSize(file);
    let content: StoredBatch | 'damaged' | 'newer';
    try {
      content =
        stats.size === file.bytes && file.bytes <= MAX_FILE_BYTES
          ? yield* withFile(held, { flags: O_RDONLY | O_NOFOLLOW }, function* (descriptor) {
              return readContent(yield* readInto(descriptor, Buffer.alloc(file.bytes)), file.key);
            })
          : 'damaged';
    } catch (error) {
      this.#skipped.add(file.base);
      yield* this.#letGo(file, held);
      throw error;
    }
    if (content === 'newer') {
      this.#skipped.add(file.base);
      this.#say(`the spool leaves ${path} alone: a later version of the agent wrote it`);
      yield* this.#letGo(file, held);
      return undefined;
    }
    if (content === 'damaged') {
      this.#ownBytes -= toSize(file);
      this.#say(`${path} of the spool is damaged and was removed`);
      if (yield* remove(held)) this.#options.onDrop({ key: file.key, items: file.items, reason: IS_DAMAGED });
      return undefined;
    }
    return { ...content, ...this.#toEndings(file, held) };
  }

  #toEndings(file: SpoolFile, held: string): Pick<TakenBatch, 'done' | 'release'> {
    const run = async (steps: Steps<unknown>): Promise<void> => {
      await runAsync(steps).catch((error: unknown) => this.#sayNotSent(error));
    };
    return {
      done: () => {
        this.#ownBytes -= toSize(file);
        return run(remove(held));
      },
      release: () => run(this.#letGo(file, held)),
    };
  }

  *#letGo(file: SpoolFile, held: string): Steps<void> {
    this.#ownBytes -= toSize(file);
    if (!(yield* move(held, join(this.#options.dir, file.base)))) return;
    this.#waiting.push(file);
    this.#waiting.sort((a, b) => (a.base < b.base ? -1 : 1));
  }

  #toFile({ items }: StoredBatch, bytes: number, key: string): SpoolFile {
    const file = { createdMillis: Math.max(0, this.#now()), items, bytes, key };
    return { ...file, base: toName(file, this.#whoAmI()) };
  }

  /** `laterMillis`: for a name that differs from one of the same instant. */
  #toHeld(base: string, doing: 'writing' | 'sending', laterMillis = 0): string {
    const hold = { doing, owner: this.#whoAmI(), sinceMillis: Math.max(0, this.#now()) + laterMillis };
    return join(this.#options.dir, toHeldName(base, hold));
  }

  #isFresh(): boolean {
    return stopwatch() < this.#freshUntil;
  }

  #whoAmI(): string {
    return (this.#self ??= describeSelf());
  }

  #sayForeign(names: readonly string[]): void {
    if (names.length === 0) return;
    const shown = names.slice(0, MAX_NAMES_SAID).join(', ');
    const rest = names.length > MAX_NAMES_SAID ? ` and ${names.length - MAX_NAMES_SAID} more` : '';
    this.#say(
      `files in the spool ${this.#options.dir} that are not the agent's are left alone: ${shown}${rest}`,
      'foreign',
    );
  }

  #sayNotKept(error: unknown): false {
    this.#say(`nothing can be kept in the spool ${this.#options.dir}: ${toReason(error)}`, NOT_KEPT);
    return false;
  }

  #sayNotSent(error: unknown): undefined {
    this.#say(`nothing can be sent from the spool ${this.#options.dir}: ${toReason(error)}`, NOT_SENT);
  }

  /** Once for each `what`, until it is forgotten. */
  #say(text: string, what = text): void {
    if (this.#said.has(what)) return;
    this.#said.add(what);
    diag.warn(text);
  }
}

const NOT_KEPT = 'not kept';
const NOT_SENT = 'not sent';

const sumSizes = (files: readonly SpoolFile[]): number => files.reduce((sum, file) => sum + toSize(file), 0);

const toSize = ({ bytes }: { readonly bytes: number }): number => Math.max(bytes, LEAST_BYTES);

/** Never with the name of the file: it is another each time, and the reason is the same. */
function toReason(error: unknown): string {
  if (error instanceof FolderRefused) return error.message;
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
