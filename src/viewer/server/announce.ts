// Called by start-viewer.ts: writes the file by which agents find the viewer, keeps it fresh, and takes it away in the end.
import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { HEARTBEAT_MILLIS, type ViewerNotice, toNoticeFolder, toNoticePath } from '../protocol.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Announces the viewer until disposed; throws when the folder belongs to somebody else. */
export function announce(notice: ViewerNotice, env: Env): Disposable {
  const folder = toNoticeFolder(env);
  const path = toNoticePath(env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  const isOwn = process.getuid === undefined || stat.uid === process.getuid();
  if (!stat.isDirectory() || !isOwn) throw new Error(`${folder} is not a folder of this user`);
  if ((stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  const text = JSON.stringify(notice);
  // Moved into place, so that nobody reads half of it.
  const draft = `${path}.${notice.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Gone when somebody cleans up: then nobody new finds us, and nothing else is lost.
    if (isOurs(path, text)) utimesSync(path, now, now);
  }, HEARTBEAT_MILLIS);
  heartbeat.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(heartbeat);
      // Another viewer may have taken over since.
      if (isOurs(path, text)) rmSync(path, { force: true });
    },
  };
}

function isOurs(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8') === text;
  } catch {
    return false;
  }
}
