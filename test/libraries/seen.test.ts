// What became of every library that a program uses is remembered, and what goes wrong in an instrumentation stays there.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../support/run-program.ts';

/** Has what the instrumentations of these tests wrap. */
const FAKE =
  'class Fake { command() {} query() {} connect() {} end() {} handleRequest() {} } Fake.Client = Fake; module.exports = Fake;';
const probe = fileURLToPath(new URL('../fixtures/libraries/probe.ts', import.meta.url));

interface Given {
  /** Package -> its version. */
  readonly packages: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, boolean | object>>;
  /** Bundle -> the source of what is loaded in its place. */
  readonly bundles?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

interface Outcome {
  readonly seen: readonly object[];
  readonly loaded: readonly string[];
  readonly warnings: readonly string[];
}

async function run(t: TestContext, { packages, options, bundles = {}, flags = [] }: Given): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-seen-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  for (const [name, version] of Object.entries(packages)) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version }));
    write(`node_modules/${name}/index.js`, FAKE);
  }
  const names = Object.keys(packages);
  const program = write('main.cjs', names.map((name) => `require('${name}');`).join('\n'));
  const paths = Object.entries(bundles).map(([name, source]) => [name, write(`${name}.cjs`, source)] as const);
  const { code, stdout, stderr } = await runProgram({
    program,
    flags: [...flags, '--import', probe],
    cwd: folder,
    env: { PROBE: JSON.stringify({ options, bundles: Object.fromEntries(paths) }), NODE_NO_WARNINGS: '1' },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const lines = stdout.trim().split('\n');
  const warnings = lines.filter((line) => line.startsWith('warn ')).map((line) => line.slice(5));
  const { seen, loaded } = JSON.parse(lines.at(-1)?.slice('seen '.length) ?? '') as Omit<Outcome, 'warnings'>;
  return { seen, loaded, warnings };
}

suite('a library of the program', { concurrency: 3, timeout: 240_000 }, () => {
  test('is traced when its version is known, and nothing but its own bundle is loaded', async (t) => {
    const { seen, loaded, warnings } = await run(t, { packages: { memcached: '2.2.2' } });
    assert.deepEqual(seen, [{ name: 'memcached', version: '2.2.2', instrumentation: 'memcached', state: 'traced' }]);
    assert.deepEqual([loaded, warnings], [['memcached'], []]);
  });

  test('is left alone when its version is not known', async (t) => {
    const { seen, warnings } = await run(t, { packages: { memcached: '9.0.0' } });
    const reason = 'version 9.0.0 is outside >=2.2.0 <3';
    const expected = {
      name: 'memcached',
      version: '9.0.0',
      instrumentation: 'memcached',
      state: 'unsupported',
      reason,
    };
    assert.deepEqual([seen, warnings], [[expected], []]);
  });

  test('is left alone when its instrumentation is off, and nothing is loaded', async (t) => {
    const { seen, loaded } = await run(t, { packages: { memcached: '2.2.2' }, options: { memcached: false } });
    const reason = 'instrumentations.memcached is off';
    const expected = { name: 'memcached', version: '2.2.2', instrumentation: 'memcached', state: 'disabled', reason };
    assert.deepEqual([seen, loaded], [[expected], []]);
  });

  test('is left alone when it was loaded before the agent', async (t) => {
    const { seen, loaded } = await run(t, { packages: { memcached: '2.2.2' }, flags: ['--require', './main.cjs'] });
    const reason = 'loaded before the agent; put the agent first';
    const expected = { name: 'memcached', version: '2.2.2', instrumentation: 'memcached', state: 'too-late', reason };
    assert.deepEqual([seen, loaded], [[expected], []]);
  });

  const failures: Readonly<Record<string, string>> = {
    'cannot be loaded': "throw new Error('no luck')",
    'cannot be started': "exports.isSupported = () => true; exports.start = () => { throw new Error('no luck') }",
    'throws when it patches':
      "exports.isSupported = () => true; exports.start = () => [{ module: 'memcached', patch: () => { throw new Error('no luck') } }]",
  };
  for (const [what, source] of Object.entries(failures)) {
    test(`runs on when its instrumentation ${what}: one line says so`, async (t) => {
      const { seen, warnings } = await run(t, { packages: { memcached: '2.2.2' }, bundles: { memcached: source } });
      const [{ state, reason }] = seen as [{ state: string; reason: string }];
      assert.deepEqual([state, reason], ['failed', 'no luck']);
      assert.deepEqual(warnings, ['memcached cannot be traced, the application is not affected: no luck']);
    });
  }

  test('of several packages is one entry each', async (t) => {
    const { seen, loaded } = await run(t, { packages: { pg: '8.11.0', 'pg-pool': '3.6.0', koa: '2.15.0' } });
    assert.deepEqual(
      seen.map((library) => Object.values(library).join(' ')),
      ['pg 8.11.0 pg traced', 'pg-pool 3.6.0 pg traced', 'koa 2.15.0 koa traced'],
    );
    assert.deepEqual(loaded, ['pg', 'routes']);
  });
});
