// `npm run test:node`: runs the tests on this Node. Files whose tests start nothing share one process: each one alone loads the same sources again,
// which was a seventh of all the time. Any file runs alone as well, by `node --test <file>`. Arguments are the folders or files to run.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Not in node_modules, where Node looks for no tests. */
const together = '.cache/together.mjs';

/** Folders of tests of single functions. */
const FOLDERS =
  /^test\/(?:config|docs|exporters|http-semconv|instrumentations|log|pipeline|processors|redaction|tracer|url-rules|viewer)\//;
/** What a file has in it that starts processes or threads. */
const STARTS = /child_process|worker_threads|run-program|chromium/;

/** Run with EVERY_CASE=1 only (test/support/every-case.ts): what tests are made of, and package managers. */
const DEAR = /^test\/(?:support\/(?:fixtures|run-program)|compliance\/suites|cli\/newcomer)\.test\.ts$/;

const wanted = process.argv.slice(2);
const files = globSync('test/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => process.env['EVERY_CASE'] === '1' || !DEAR.test(file))
  .filter((file) => wanted.length === 0 || wanted.some((path) => file.startsWith(path)));
const { shared = [], own = [] } = Object.groupBy(files.toSorted(), (file) =>
  FOLDERS.test(file) && !STARTS.test(readFileSync(join(root, file), 'utf8')) ? 'shared' : 'own',
);
mkdirSync(join(root, '.cache'), { recursive: true });
writeFileSync(join(root, together), shared.map((file) => `await import('../${file}');\n`).join(''));

const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-reporter=./scripts/quiet-reporter.js', together, ...own],
  { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: 'node_modules/.cache/tests' } },
);
process.exitCode = status ?? 1;
