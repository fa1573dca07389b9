// A newcomer's path with each package manager: install from the tarball into an empty project, init, start, doctor. Nothing is downloaded.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { casesOf } from '../support/every-case.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const APP = `import { createServer } from 'node:http';

const server = createServer((request, response) => response.end('hello')).listen(0, '127.0.0.1', async () => {
  await (await fetch(\`http://127.0.0.1:\${server.address().port}/cart?token=secret-value-123\`)).text();
  server.close();
});
`;

/** How each installs a file, runs a command of a package, and starts the program. */
const managers = {
  npm: { install: ['install', '--offline', '--no-audit', '--no-fund'], exec: ['exec', '--offline', '--'] },
  pnpm: { install: ['add', '--offline'], exec: ['exec'] },
  yarn: { install: ['add', '--offline'], exec: ['--silent'] },
} as const;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

suite('a newcomer', { concurrency: 2, timeout: 240_000 }, () => {
  let base = '';
  let tarball = '';

  async function run(cwd: string, command: string, args: readonly string[]): Promise<Ended> {
    const unwanted = /^(?:NODE_.*|npm_.*|OTEL_.*|LOGFIRE_.*|TRACING_.*|PNPM_.*|COREPACK_.*|INIT_CWD|CI|FORCE_COLOR)$/i;
    const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
    const path = [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    // Stores and caches in the folder of the test: what a manager keeps elsewhere stays as it is.
    const env = { ...Object.fromEntries(kept), PATH: path, HOME: base, XDG_DATA_HOME: base, XDG_CACHE_HOME: base };
    try {
      const { stdout, stderr } = await promisify(execFile)(command, args, { cwd, env });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      return { code, stdout, stderr };
    }
  }

  before(async () => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'tracing-newcomer-')));
    // What is built is packed as it is.
    const packed = await run(root, 'npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', base]);
    assert.equal(packed.code, 0, packed.stderr);
    tarball = join(base, packed.stdout.trim());
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  for (const [manager, { install, exec }] of casesOf(Object.entries(managers), 1)) {
    test(`with ${manager} sees traces, and is told that nothing is in their way`, async () => {
      const folder = mkdtempSync(join(base, `${manager}-`));
      const packageFile = join(folder, 'package.json');
      writeFileSync(packageFile, JSON.stringify({ name: 'shop', type: 'module', scripts: { start: 'node app.js' } }));
      writeFileSync(join(folder, 'app.js'), APP);

      const installed = await run(folder, manager, [...install, tarball]);
      assert.equal(installed.code, 0, `${installed.stdout}${installed.stderr}`);

      const init = await run(folder, manager, [...exec, 'tracing', 'init']);
      assert.equal(init.code, 0, init.stderr);
      assert.match(init.stdout, new RegExp(`^✓ wrote \\.tracingrc\n  ES module · ${manager}\n`));
      const line = /^ {2}"start": ("node --import @tracing\/agent app\.js")$/m.exec(init.stdout)?.[1];
      assert.ok(line !== undefined, init.stdout);
      const content = JSON.parse(readFileSync(packageFile, 'utf8')) as object;
      writeFileSync(packageFile, JSON.stringify({ ...content, scripts: { start: JSON.parse(line) } }, null, 2));

      const started = await run(folder, manager, ['start']);
      assert.equal(started.code, 0);
      assert.match(started.stderr, /^tracing \d.* shop \(pid \d+\)/m);
      assert.match(started.stderr, / GET .*\/cart\?token=REDACTED .*200/);
      assert.doesNotMatch(`${started.stdout}${started.stderr}`, /secret-value-123/);

      const doctor = await run(folder, manager, [
        ...exec,
        'tracing',
        'doctor',
        '--seconds',
        '60',
        '--',
        manager,
        'start',
      ]);
      assert.equal(doctor.code, 0, `${doctor.stdout}${doctor.stderr}`);
      assert.match(doctor.stdout, /\n {2}spans +2 made · 2 kept\n\n✓ nothing is in the way of traces\n$/);
    });
  }
});
