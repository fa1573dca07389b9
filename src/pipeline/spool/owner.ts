// Used by the spool: who holds a file, told so that every other process can see whether he still lives.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { threadId } from 'node:worker_threads';

// Taken at load: a program may put something else in its place.
const kill = process.kill.bind(process);
const [readFile, readLink] = [readFileSync, readlinkSync];

/**
 * `<where>.<pid>.<start>.<thread>`: `where` tells machines and containers apart, in which the same pid is another process; `start`, the
 * process from a later one with its pid. Where the system does not tell (there is no /proc, or it may not be read), `start` is 0.
 */
export function describeSelf(): string {
  return [readPlace(), process.pid, readStart(process.pid), threadId].join('.');
}

/** Undefined where it cannot be known from here: the process is of another machine or container. */
export function isGone(owner: string, self: string): boolean | undefined {
  const [place, pid, start] = owner.split('.');
  if (place !== self.split('.')[0]) return undefined;
  try {
    kill(Number(pid), 0);
  } catch (error) {
    // EPERM: it lives, as another user's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const started = readStart(Number(pid));
  return start !== '0' && started !== '0' && start !== started;
}

const readPlace = (): string => toHash(`${hostname()} ${read(() => readLink('/proc/self/ns/pid'))}`);

/** The boot belongs to it: pids and their ticks come again after one. */
function readStart(pid: number): string {
  // The 22nd field; the second is a name in parentheses, in which anything may stand.
  const ticks = read(() => readFile(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19] ?? '');
  return ticks === '' ? '0' : toHash(`${read(() => readFile('/proc/sys/kernel/random/boot_id', 'latin1'))} ${ticks}`);
}

function read(get: () => string): string {
  try {
    return get();
  } catch {
    return '';
  }
}

const toHash = (text: string): string => process.getBuiltinModule('node:zlib').crc32(text).toString(36);
