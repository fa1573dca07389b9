// Shared by the viewer, which writes this file when it listens, and by agents and the CLI, which look for it: how they find each other.
// An agent reads it at its start, so it is one small read; whatever is not as it should be counts as "no viewer".
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** What a running viewer says of itself, as JSON, in a file that only its owner reads. */
export interface ViewerNotice {
  readonly pid: number;
  /** Where it takes OTLP over HTTP and shows its page: `http://127.0.0.1:4319`. */
  readonly url: string;
  /** Opens the page and the API; not needed for sending. */
  readonly token: string;
}

/** The viewer touches its file this often. */
export const HEARTBEAT_MILLIS = 5_000;
/** An older file was left behind, even if another process has got the number of the one that wrote it. */
const STALE_MILLIS = 4 * HEARTBEAT_MILLIS;
const MAX_BYTES = 1024;

type Env = Readonly<Record<string, string | undefined>>;

/** The folder of the file: the user's own for running programs, or one with the user's number in its name. */
export function toNoticeFolder(env: Env): string {
  const own = env['XDG_RUNTIME_DIR'];
  return own ? join(own, 'tracing') : join(tmpdir(), `tracing-${process.getuid?.() ?? 'user'}`);
}

/** The file in that folder. */
export function toNoticePath(env: Env): string {
  return join(toNoticeFolder(env), 'viewer.json');
}

/** Reads what a viewer of this user has written, or undefined when none runs; never throws. */
export function readNotice(env: Env): ViewerNotice | undefined {
  try {
    const text = readOwnFile(toNoticePath(env));
    const notice: unknown = text === undefined ? undefined : JSON.parse(text);
    return isNotice(notice) && isAlive(notice.pid) ? notice : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a file that this user wrote lately and nobody else may touch. */
function readOwnFile(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    const isOwn = process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o077) === 0);
    const isFresh = Math.abs(Date.now() - stat.mtimeMs) < STALE_MILLIS;
    if (!stat.isFile() || stat.size > MAX_BYTES || !isOwn || !isFresh) return undefined;
    const bytes = Buffer.alloc(MAX_BYTES);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, MAX_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function isNotice(value: unknown): value is ViewerNotice {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, url, token } = value as Partial<Record<keyof ViewerNotice, unknown>>;
  const isLoopback = typeof url === 'string' && /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(url);
  return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && isLoopback && typeof token === 'string';
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
