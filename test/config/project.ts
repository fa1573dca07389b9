// Used by the tests of config/: a real project in a temporary folder, and the configuration that is read in it.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Env } from '../../src/config/option.ts';
import { type ConfigResult, readConfig } from '../../src/config/read-config.ts';

/** A temporary folder with files; it is removed when the tests end. */
export interface Project {
  readonly folder: string;
  /** Reads the configuration of `app.js` in the folder, or of another entry. */
  read(options?: { env?: Env; entry?: string | undefined; cwd?: string }): ConfigResult;
  /** The printed lines of all issues, but for the last one that says what follows for URLs. */
  lines(options?: { env?: Env }): string[];
}

process.setMaxListeners(0);

/** Makes a project; without a package.json of its own it gets an empty one. */
export function createProject(files: Readonly<Record<string, string | Buffer | object>>): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tracing-config-')));
  for (const [name, content] of Object.entries({ 'package.json': {}, 'app.js': '', ...files })) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content, null, 2),
    );
  }
  // Not `using`: Node 22 does not know it.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const read: Project['read'] = (options = {}) => {
    const entry = 'entry' in options ? options.entry : 'app.js';
    const cwd = join(folder, options.cwd ?? '');
    return readConfig({ env: options.env ?? {}, entry: entry && join(folder, entry), cwd });
  };
  return {
    folder,
    read,
    lines: (options = {}) => {
      const { issues } = read(options);
      return issues.filter((issue) => issue.key !== 'url' || issue.origin !== 'default').map((issue) => issue.message);
    },
  };
}
