import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { casesOf } from '../support/every-case.ts';
import { patientFlags, runProgram, type Exit } from '../support/run-program.ts';
import { startSurroundings } from './traced.ts';

const APP = `
  require('node:http').get(process.env.BACKEND + '/stock/1?page=2&token=secret-value-123', (response) => {
    response.resume().on('end', () => { console.log('answered', response.statusCode); process.exitCode = 9; });
  });`;

/** A project in a temporary folder; its app makes one call and leaves with 9. */
function createProject(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-files-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'package.json': '{"name":"shop"}', 'src/app.cjs': APP, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

interface Outcome extends Pick<Exit, 'stderr'> {
  /** `url.full` of the call, with `<backend>` for the backend's address. */
  url: unknown;
  service: unknown;
}

/** Runs the app of a project, in it if no other folder is named, and checks that the app itself noticed nothing. */
async function runApp(
  t: TestContext,
  folder: string,
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const { sink, backend, env } = await startSurroundings(t);
  const { code, stdout, stderr } = await runProgram({
    program: join(folder, 'src/app.cjs'),
    flags: patientFlags,
    cwd: options.cwd ?? folder,
    env: { ...env, ...options.env },
  });
  assert.deepEqual([code, stdout], [9, 'answered 200\n']);
  const [span] = await sink.waitForSpans(1);
  assert.equal(sink.spans.length, 1);
  assert.doesNotMatch(sink.rawText() + stderr, /secret-value/);
  const url = String(span?.attributes['url.full']).replace(backend.url, '<backend>');
  return { stderr, url, service: span?.resource['service.name'] };
}

const OPEN = '<backend>/stock/1?page=2&token=REDACTED';
const HIDDEN = '<backend>/stock/1?page=REDACTED&token=REDACTED';

suite('a .tracingrc in the project', { concurrency: 4, timeout: 240_000 }, () => {
  test('is found from another working directory, by the entry file', async (t) => {
    const folder = createProject(t, { '.tracingrc': 'service: { name: till }\nurl: { redact: { keys: [page] } }\n' });
    const { stderr, url, service } = await runApp(t, folder, { cwd: tmpdir() });
    assert.deepEqual([stderr, url, service], ['', HIDDEN, 'till']);
  });

  test('of the working directory is not read where the entry file has a project of its own', async (t) => {
    const other = createProject(t, { '.tracingrc': 'service: { name: other }\n' });
    const { stderr, service } = await runApp(t, createProject(t), { cwd: other });
    assert.deepEqual([stderr, service], ['', 'shop']);
  });

  test('gives way to the environment', async (t) => {
    const folder = createProject(t, { '.tracingrc': 'service: { name: till }\n' });
    const { service } = await runApp(t, folder, { env: { OTEL_SERVICE_NAME: 'named' } });
    assert.equal(service, 'named');
  });
});

suite('the program runs, and one line says what is wrong with', { concurrency: 4, timeout: 240_000 }, () => {
  const cases: readonly { name: string; files: Record<string, string>; line: RegExp; url: string }[] = [
    { name: 'an empty file', files: { '.tracingrc': '' }, line: /\.tracingrc is empty/, url: OPEN },
    {
      name: 'a file that cannot be parsed: URLs are hidden',
      files: { '.tracingrc': 'log:\n  level: info\n url: x\n' },
      line: /\.tracingrc:3 is not valid YAML or JSON/,
      url: HIDDEN,
    },
    {
      name: 'a value of the wrong type',
      files: { '.tracingrc': '\nsampling:\n  ratio: "half"\n' },
      line: /\.tracingrc:3 sampling\.ratio: expected a number from 0 to 1, got /,
      url: OPEN,
    },
    {
      name: 'an unknown key, with the nearest known one',
      files: { '.tracingrc': 'service:\n  nmae: x\n' },
      line: /\.tracingrc:2 service\.nmae is not an option \(did you mean service\.name\?\)/,
      url: OPEN,
    },
    {
      name: 'a misspelt key of url: every query value is hidden',
      files: { '.tracingrc': 'url:\n  redact:\n    kyes: [a]\n' },
      line: /\.tracingrc:3 url\.redact\.kyes is not an option \(did you mean url\.redact\.keys\?\)/,
      url: HIDDEN,
    },
    {
      name: 'a url section of the wrong type: every query value is hidden',
      files: { '.tracingrc': 'url: 7\n' },
      line: /\.tracingrc:1 url: expected an object, got a number/,
      url: HIDDEN,
    },
    {
      name: 'a module that throws, without its message',
      files: { 'tracing.config.cjs': '\nthrow new TypeError("secret-value-9");' },
      line: /tracing\.config\.cjs:2 throws a TypeError/,
      url: HIDDEN,
    },
    {
      name: 'a module that throws no error',
      files: { 'tracing.config.cjs': 'throw null;' },
      line: /tracing\.config\.cjs throws something that is not an error/,
      url: HIDDEN,
    },
  ];
  for (const { name, files, line, url } of casesOf(cases, 2)) {
    test(name, async (t) => {
      const outcome = await runApp(t, createProject(t, files));
      assert.match(outcome.stderr, line);
      assert.equal(outcome.url, url);
      // One line about the mistake, and where URLs are hidden one that says so.
      const lines = outcome.stderr.trimEnd().split('\n');
      assert.equal(lines.length, url === HIDDEN ? 2 : 1, outcome.stderr);
      for (const text of lines) assert.match(text, /^tracing: /);
    });
  }

  test('a folder of that name: URLs are hidden', async (t) => {
    const folder = createProject(t);
    mkdirSync(join(folder, '.tracingrc'));
    const { stderr, url } = await runApp(t, folder);
    assert.match(stderr, /^tracing: \.tracingrc is a folder, not a file/);
    assert.equal(url, HIDDEN);
  });

  test('a file named by TRACING_CONFIG that is not there, or is a device: URLs are hidden', async (t) => {
    for (const path of casesOf(['missing.yaml', 'x'.repeat(5000), '/dev/zero'], 2)) {
      const { stderr, url } = await runApp(t, createProject(t), { env: { TRACING_CONFIG: path } });
      assert.match(stderr, /^tracing: /);
      assert.equal(url, HIDDEN, path);
    }
  });

  test('a file that this user may not read: URLs are hidden', async (t) => {
    const folder = createProject(t, { '.tracingrc': 'service: { name: till }\n' });
    const { sink, backend, env } = await startSurroundings(t);
    chmodSync(join(folder, '.tracingrc'), 0);
    chmodSync(folder, 0o755);
    // Root may read everything: it becomes nobody first.
    const flags = process.getuid?.() === 0 ? ['--require', join(folder, 'drop.cjs')] : [];
    writeFileSync(join(folder, 'drop.cjs'), 'process.setgid(65534); process.setuid(65534);');
    const app = join(folder, 'src/app.cjs');
    const { code, stdout, stderr } = await runProgram({
      program: app,
      flags: [...flags, ...patientFlags],
      cwd: folder,
      env,
    });
    assert.deepEqual([code, stdout], [9, 'answered 200\n'], stderr);
    assert.match(stderr, /^tracing: \.tracingrc cannot be read \(EACCES\)/);
    const [span] = await sink.waitForSpans(1);
    assert.equal(String(span?.attributes['url.full']).replace(backend.url, '<backend>'), HIDDEN);
  });
});

suite('a working directory', { concurrency: 4, timeout: 240_000 }, () => {
  test('that cannot be written to changes nothing', async (t) => {
    const folder = createProject(t, { '.tracingrc': 'service: { name: till }\n' });
    chmodSync(folder, 0o555);
    const { stderr, service } = await runApp(t, folder);
    assert.deepEqual([stderr, service], ['', 'till']);
    // Not even root can write to /proc.
    const elsewhere = await runApp(t, folder, { cwd: '/proc' });
    assert.deepEqual([elsewhere.stderr, elsewhere.service], ['', 'till']);
  });
});
