import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { diag } from '@opentelemetry/api';
import { type LogLevel, createLog, toErrorText, useAsDiag } from '../../src/log/log.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';

function openLog(level: LogLevel = 'all') {
  const lines: string[] = [];
  const clock = { now: 0 };
  const redactor = createRedactor();
  const log = createLog({
    level,
    redact: (text) => redactor.redact(text, 'string'),
    write: (line) => void lines.push(line),
    now: () => clock.now,
  });
  return { log, lines, clock };
}

suite('log', () => {
  test('says one line, with the prefix', () => {
    const { log, lines } = openLog();
    log.warn('two\nlines\r\n  and more', 'a part', { b: 1 }, 2, undefined);
    assert.deepEqual(lines, ['tracing: two lines and more a part {"b":1} 2 undefined\n']);
  });

  test('says an error in one line, by its code and message, without its stack', () => {
    const { log, lines } = openLog();
    log.error('failed:', Object.assign(new Error('first\nsecond'), { code: 'EFAILED' }));
    assert.deepEqual(lines, ['tracing: failed: EFAILED first second\n']);
  });

  test('says the same line once a minute', () => {
    const { log, lines, clock } = openLog();
    for (const now of [0, 1000, 59_999, 60_000, 60_001]) {
      clock.now = now;
      log.warn('again');
      log.warn(`at ${now}`);
    }
    assert.equal(lines.filter((line) => line === 'tracing: again\n').length, 2);
    assert.equal(lines.filter((line) => line.startsWith('tracing: at ')).length, 5);
  });

  test('folds lines that differ only in the ids of spans', () => {
    const { log, lines } = openLog();
    for (const digit of ['a', 'b', 'c']) log.warn(`ended span ${digit.repeat(32)}-${digit.repeat(16)} ended again`);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /a{32}/);
  });

  test('remembers a bounded number of lines', () => {
    const { log, lines } = openLog();
    log.warn('first');
    for (let i = 0; i < 500; i++) log.warn(`line ${i}`);
    log.warn('first');
    assert.equal(lines.filter((line) => line === 'tracing: first\n').length, 2);
  });

  const LEVELS = ['error', 'warn', 'info', 'debug', 'verbose'] as const;
  for (const [level, heard] of [
    ['none', 0],
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
    ['verbose', 5],
    ['all', 5],
  ] as const) {
    test(`at level ${level} ${heard} of the five levels are heard, also through diag`, (t) => {
      const { log, lines } = openLog(level);
      for (const name of LEVELS) log[name](`direct ${name}`);
      const voice = useAsDiag(log, level);
      t.after(() => voice[Symbol.dispose]());
      lines.splice(0, lines.length, ...lines.filter((line) => line.includes('direct')));
      for (const name of LEVELS) diag[name](`diag ${name}`);
      const expected = LEVELS.slice(0, heard);
      const said = lines.filter((line) => /direct|diag (?:error|warn|info|debug|verbose)/.test(line));
      assert.deepEqual(
        said,
        ['direct', 'diag'].flatMap((via) => expected.map((name) => `tracing: ${via} ${name}\n`)),
      );
    });
  }

  test('hides secrets in messages, in parts and in errors', () => {
    const { log, lines } = openLog();
    const url = 'http://user:secret-value-123@host/?token=secret-value-123';
    log.warn(`one ${url}`, url, { url }, new Error(url));
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines.join(''), /secret-value-123/);
    assert.equal(lines[0]?.match(/token=REDACTED/g)?.length, 4);
  });

  test('says in one line that another SDK was started, for all that it registers', (t) => {
    const { log, lines } = openLog();
    const voice = useAsDiag(log, 'warn');
    t.after(() => voice[Symbol.dispose]());
    lines.length = 0;
    for (const api of ['trace', 'propagation'])
      diag.error(new Error(`@opentelemetry/api: Attempted duplicate registration of API: ${api}`).stack ?? '');
    assert.deepEqual(lines, [
      'tracing: another OpenTelemetry SDK was started after the agent and is not used; remove one of the two\n',
    ]);
  });

  test('is silent once disposed of', () => {
    const { log, lines } = openLog();
    useAsDiag(log, 'all')[Symbol.dispose]();
    lines.length = 0;
    diag.error('late');
    assert.deepEqual(lines, []);
  });
});

suite('toErrorText', () => {
  for (const [error, text] of [
    [new Error('plain'), 'plain'],
    [
      Object.assign(new Error('connect ECONNREFUSED 1.2.3.4:1'), { code: 'ECONNREFUSED' }),
      'connect ECONNREFUSED 1.2.3.4:1',
    ],
    [Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }), 'ETIMEDOUT no answer'],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new TypeError(), 'TypeError'],
    ['thrown text', 'thrown text'],
    [undefined, 'undefined'],
  ] as const) {
    test(`says ${text}`, () => assert.equal(toErrorText(error), text));
  }
});
