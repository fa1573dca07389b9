// The runner of foreign suites: what it reads from test runners, and when it blames the agent.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../support/run-program.ts';
import { countFailures, findBroken, judge } from './suites/compare-runs.ts';
import { parseResults } from './suites/parse-results.ts';
import { runCommand } from './suites/run-command.ts';

suite('reads the results of', { concurrency: true }, () => {
  test('mocha, between what the tests print', () => {
    const report = {
      stats: { tests: 4 },
      tests: [
        { fullTitle: 'app answers', err: {} },
        { fullTitle: 'app answers', err: {} },
        { fullTitle: 'app waits', err: {} },
        { fullTitle: 'app fails', err: { message: 'no', stack: 'Error: no\n    at x' } },
      ],
      pending: [{ fullTitle: 'app waits' }],
      failures: [
        { fullTitle: 'app fails', err: { stack: 'Error: no\n    at x' } },
        { fullTitle: 'app "after all" hook', err: { message: 'still open' } },
      ],
    };
    const output = `{\n  "printed": 1\n}\n${JSON.stringify(report, null, 2)}\nbye\n`;
    assert.deepEqual(parseResults('mocha-json', output), [
      { title: 'app answers', outcome: 'pass' },
      { title: 'app answers #2', outcome: 'pass' },
      { title: 'app waits', outcome: 'skip' },
      { title: 'app fails', outcome: 'fail', reason: 'Error: no\n    at x' },
      { title: 'app "after all" hook', outcome: 'fail', reason: 'still open' },
    ]);
    assert.deepEqual(parseResults('mocha-json', 'Error: Cannot find module'), []);
  });

  test('TAP, flat and nested', () => {
    const output = [
      'TAP version 13',
      '# Subtest: server',
      '    # Subtest: answers',
      '    ok 1 - answers',
      '      ---',
      '      duration_ms: 1',
      '      ...',
      '    not ok 2 - closes',
      '      reason: open',
      '    ok 3 - waits # SKIP no time',
      '    not ok 4 - dreams # TODO later',
      '    1..4',
      'not ok 1 - server',
      'ok 2 create › merges',
      'ok',
    ].join('\n');
    assert.deepEqual(
      parseResults('tap', output).map(({ title, outcome }) => `${outcome}: ${title}`),
      [
        'pass: server > answers',
        'fail: server > closes',
        'skip: server > waits',
        'pass: server > dreams',
        'fail: server',
        'pass: create › merges',
        'pass: ',
      ],
    );
    assert.match(parseResults('tap', output)[1]?.reason ?? '', /reason: open/);
  });

  test('our own lines, the last of them cut', () => {
    const lines = '{"title":"a > b","outcome":"pass"}\n{"title":"c","outco';
    assert.deepEqual(parseResults('test-lines', lines), [{ title: 'a > b', outcome: 'pass' }]);
  });
});

suite('blames the agent', { concurrency: true }, () => {
  const pass = (title: string) => ({ title, outcome: 'pass' }) as const;
  const fail = (title: string) => ({ title, outcome: 'fail', reason: 'no' }) as const;

  test('for what passes without it only, and for failures that only it has', () => {
    const without = [pass('same'), pass('breaks'), pass('gone'), fail('fails anyway'), fail('mended')];
    const withAgent = [pass('same'), fail('breaks'), fail('fails anyway'), pass('mended'), fail('(the process)')];
    assert.deepEqual(findBroken(without, withAgent), [
      { title: 'breaks', without: 'pass', with: 'fail', reason: 'no' },
      { title: 'gone', without: 'pass', with: 'missing', reason: '' },
      { title: '(the process)', without: 'missing', with: 'fail', reason: 'no' },
    ]);
  });

  test('but not for what fails by chance', () => {
    const runs = [[pass('a')], [fail('a')], []];
    assert.deepEqual([countFailures('a', runs, true), countFailures('a', runs, false)], [2, 1]);
    assert.equal(judge({ without: 0, with: 1 }), 'broken');
    assert.equal(judge({ without: 0, with: 0 }), 'flaky');
    assert.equal(judge({ without: 1, with: 3 }), 'flaky');
  });
});

test('a command that hangs is killed, and what it said before counts', async () => {
  const run = await runCommand(
    {
      dir: tmpdir(),
      command: 'echo "ok 1 - early"; exec sleep 600',
      format: 'tap',
      env: {},
      timeoutMillis: 1500,
    },
    '',
    {},
  );
  assert.deepEqual(
    run.results.map(({ title, outcome }) => `${outcome}: ${title}`),
    ['pass: early', 'fail: (the process)'],
  );
  assert.match(run.results[1]?.reason ?? '', /still running after 1500 ms/);
});

test('a whole run tells what the agent broke, what only its header broke, and what fails anyway', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'checkout-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(
    join(dir, 'own.mjs'),
    `import assert from 'node:assert';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
suite('own', () => {
  test('adds', () => assert.equal(1 + 1, 2));
  test('looks for the agent', () => assert.equal(process.env.OTEL_SERVICE_NAME, undefined));
  test('fails', () => assert.fail('always'));
  test('counts headers', async () => {
    const server = createServer((request, response) => response.end(Object.keys(request.headers).join()));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const names = await (await fetch('http://127.0.0.1:' + port)).text();
    await new Promise((resolve) => server.close(resolve));
    assert.doesNotMatch(names, /traceparent/);
  });
});
`,
  );
  const { stdout, code } = await runProgram({
    program: fileURLToPath(new URL('run-suite.ts', import.meta.url)),
    flags: ['--no-warnings'],
    timeoutMillis: 240_000,
    args: `--dir ${dir} --name own --format test-lines --files *.mjs --again 1 --command`
      .split(' ')
      .concat('node --test-reporter={reporter} --test-reporter-destination={report} {file}'),
  });
  assert.match(stdout, /without: 3 pass, 1 fail, 0 skipped\nwith: {4}1 pass, 3 fail, 0 skipped; 2 spans\n/);
  assert.match(
    stdout,
    /\nbroken by the agent: 1\n {2}own\.mjs: own > looks for the agent \(pass -> fail; again: 0 without, 1 with\)\n/,
  );
  assert.match(stdout, /\nonly by the header it adds .*: 1\n {2}own\.mjs: own > counts headers /);
  assert.match(stdout, /\nfailing without the agent too: 1\n {2}own\.mjs: own > fails\n/);
  assert.match(stdout, /\nflaky: 0\n/);
  assert.equal(code, 1);
});
