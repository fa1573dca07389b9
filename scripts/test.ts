// `npm run test:node`: runs the tests on this Node. Files share processes: each one alone loads the same sources again, which was a fifth of all
// the time. Any file runs alone as well, by `node --test <file>`. Arguments are the folders or files to run.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Not in node_modules, where Node looks for no tests. */
const together = '.cache/together';

/** Folders of tests of single functions. */
const FOLDERS =
  /^test\/(?:config|docs|exporters|http-semconv|instrumentations|log|pipeline|processors|redaction|tracer|url-rules|viewer)\//;
/** What a file has in it that starts processes or threads. */
const STARTS = /child_process|worker_threads|run-program|chromium/;
/** Folders whose files start programs and leave this process as it was. Among so many processes the files of one are dealt. */
const PROGRAMS: Readonly<Record<string, number>> = { integration: 5, compliance: 2, libraries: 1, hooks: 1, cli: 1 };
/** It reads what the others of its folder declare, and so loads them itself. */
const ALONE = /^test\/libraries\/tested\.test\.ts$/;

/** Run with EVERY_CASE=1 only (test/support/every-case.ts): what tests are made of, and package managers. */
const DEAR = /^test\/(?:support\/(?:fixtures|run-program)|compliance\/suites|cli\/newcomer)\.test\.ts$/;

const wanted = process.argv.slice(2);
const files = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => process.env['EVERY_CASE'] === '1' || !DEAR.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((path) => file.startsWith(path)));

/** The process that a file shares; none for a file that has its own. */
function shareOf(file: string, index: number): string | undefined {
  if (FOLDERS.test(file) && !STARTS.test(readFileSync(join(root, file), 'utf8'))) return 'functions';
  const folder = file.split('/')[1] ?? '';
  const processes = PROGRAMS[folder];
  return processes === undefined || ALONE.test(file) ? undefined : `${folder}-${index % processes}`;
}

rmSync(join(root, together), { recursive: true, force: true });
mkdirSync(join(root, together), { recursive: true });
const shared = Object.groupBy(files.toSorted(), (file, index) => shareOf(file, index) ?? file);
const paths = Object.entries(shared).map(([name, members = []]) => {
  if (name === members[0]) return name;
  const path = `${together}/${name}.mjs`;
  writeFileSync(join(root, path), members.map((file) => `await import('../../${file}');\n`).join(''));
  return path;
});

const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=./scripts/quiet-reporter.js', ...paths],
  { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: 'node_modules/.cache/tests' } },
);
process.exitCode = status ?? 1;
