// Used by the spool: whether a folder may hold it, and what is in there.
import { join } from 'node:path';
import process from 'node:process';
import { type Steps, breathe, follow, ifThere, listNames, lookAt, makeFolder, move, remove } from './disk.ts';
import { type SpoolFile, readName } from './file-name.ts';
import { isGone } from './owner.ts';

/** Why a folder is not used: there it could be read, or filled, by somebody else. */
export class FolderRefused extends Error {}

/** Of another machine or container it cannot be seen whether it lives; nothing holds a file this long that does. */
const LONGEST_HOLD_MILLIS = 5 * 60_000;

/** Looking through these takes about a millisecond. */
const NAMES_AT_ONCE = 1000;

const WRITABLE_BY_OTHERS = 0o022;

/** Not on Windows. Asked each time: a server may start as root and go on as somebody else. */
const readUserId = process.geteuid?.bind(process);

/** Whether something on the disk is of the user that the process runs as. */
export const isOwn = ({ uid }: { readonly uid: number }): boolean => readUserId === undefined || uid === readUserId();

/** Makes the folder where it is missing; throws where it is not one, or not this user's alone. */
export function* openFolder(dir: string): Steps<void> {
  if ((yield* ifThere(lookAt(dir))) === undefined) yield* makeFolder(dir);
  const link = yield* lookAt(dir);
  if (link.isSymbolicLink() && !isOwn(link) && link.uid !== 0)
    throw new FolderRefused('it is a link that another user made');
  const folder = yield* follow(dir);
  if (!folder.isDirectory()) throw new FolderRefused('it is not a folder');
  if (readUserId === undefined) return;
  if (!isOwn(folder)) throw new FolderRefused('it belongs to another user');
  if ((folder.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new FolderRefused(
      `others may write to it (mode ${(folder.mode & 0o7777).toString(8)}); name a folder inside it`,
    );
}

export interface Listing {
  /** What nobody holds, the oldest first. */
  readonly waiting: SpoolFile[];
  /** What other processes are writing or sending. */
  readonly held: readonly SpoolFile[];
  /** Names that are not the spool's. */
  readonly foreign: readonly string[];
}

/** Lists the folder, and frees what processes that are gone were sending; what they were writing nobody can send, and is removed. */
export function* listFolder(
  dir: string,
  { self, nowMillis }: { readonly self: string; readonly nowMillis: number },
): Steps<Listing> {
  const waiting: SpoolFile[] = [];
  const held: SpoolFile[] = [];
  const foreign: string[] = [];
  const gone = new Map<string, boolean | undefined>([[self, false]]);
  const names = yield* listNames(dir);
  for (const [index, name] of names.sort().entries()) {
    if (index % NAMES_AT_ONCE === NAMES_AT_ONCE - 1) yield* breathe();
    const known = readName(name);
    if (known === undefined) {
      foreign.push(name);
      continue;
    }
    const { file, hold } = known;
    if (hold === undefined) {
      waiting.push(file);
      continue;
    }
    const { owner, doing, sinceMillis } = hold;
    if (!gone.has(owner)) gone.set(owner, isGone(owner, self));
    if (!(gone.get(owner) ?? Math.abs(nowMillis - sinceMillis) > LONGEST_HOLD_MILLIS)) {
      // What this process itself holds, it counts itself.
      if (owner !== self) held.push(file);
    } else if (doing === 'writing') yield* remove(join(dir, name));
    else if (yield* move(join(dir, name), join(dir, file.base))) waiting.push(file);
  }
  return { waiting, held, foreign };
}
