import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { compileGivenRegex, compileLinearRegex, readRegex } from '../../src/url-rules/linear-regex.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

describe('an expression', () => {
  for (const source of ['(a+)+$', '(([a-z0-9_]+)+)=', '(a|aa)*b', '(.*)*x', '^(\\w+\\s?)*$', '(?:a?){50}a{50}']) {
    it(`that makes others hang runs in time: ${source}`, () => {
      const { test } = compileLinearRegex(source);
      const text = `${'a'.repeat(20_000)}!`;
      assert.ok(cpuMillisOf(() => test(text)) < 2_000);
    });
  }

  it('takes ten times as long for ten times the text, not a hundred times', () => {
    const { test } = compileLinearRegex('(x+x+)+y');
    const time = (length: number): number =>
      Math.min(...Array.from({ length: 5 }, () => cpuMillisOf(() => test('x'.repeat(length)))));
    time(10_000);
    assert.ok(time(100_000) < 40 * time(10_000));
  });

  for (const [source, message] of [
    ['(?=a)b', /^back references and look-around cannot run in linear time$/],
    ['(?<!a)b', /^back references and look-around cannot run in linear time$/],
    ['(a)\\1', /^back references and look-around cannot run in linear time$/],
    ['(a', /^missing closing \)$/],
    ['[a', /^missing closing/],
    ['*a', /^missing argument to repetition operator$/],
  ] as const) {
    it(`is refused with a sentence: ${source}`, () => {
      assert.throws(() => compileLinearRegex(source), { name: 'Error', message });
    });
  }

  it('is not quoted by the sentence that refuses it, as it may be a secret', () => {
    fc.assert(
      fc.property(fc.constantFrom('(', '[', '*', '(?=', '\\'), (broken) => {
        const source = `hunter2${broken}hunter2`;
        try {
          compileLinearRegex(source);
        } catch (error) {
          assert.doesNotMatch((error as Error).message, /hunter2/);
        }
      }),
    );
    assert.throws(() => compileLinearRegex('hunter2('), { message: 'missing closing )' });
  });

  it('finds offsets in UTF-16 code units, whatever comes before', () => {
    const { findAll } = compileLinearRegex('\\d+');
    for (const before of ['', 'ä', '日本', '😀', '👩‍👩‍👧', '\u{1F600}\u{1F601}x']) {
      assert.deepEqual(findAll(`${before}42`), [[before.length, before.length + 2]]);
    }
  });

  it('finds what RegExp finds', () => {
    const expressions = ['[a-c]+', 'a|bc', '\\d{2,3}', '(?:x.)+', 'k\\w*'];
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'x', 'k', '1', '2', '-', '😀', 'é') });
    fc.assert(
      fc.property(fc.constantFrom(...expressions), text, (source, text) => {
        const wanted = [...text.matchAll(new RegExp(source, 'gu'))].map((m) => [m.index, m.index + m[0].length]);
        assert.deepEqual(compileLinearRegex(source).findAll(text), wanted);
        assert.equal(compileLinearRegex(source).test(text), wanted.length > 0);
      }),
    );
  });

  it('finds nothing where it matches nothing but the empty text', () => {
    assert.deepEqual(compileLinearRegex('a*').findAll('bbb'), []);
  });

  it('does not stumble over lone surrogates', () => {
    assert.deepEqual(compileLinearRegex('b').findAll('\ud800b\udc00b'), [
      [1, 2],
      [3, 4],
    ]);
  });
});

describe('an expression in slashes', () => {
  for (const [text, source, flags] of [
    ['/^v\\d+$/', '^v\\d+$', ''],
    ['/health|ready/', 'health|ready', ''],
    ['/HEALTH/i', 'HEALTH', 'i'],
    ['/a.*b/s', 'a.*b', 's'],
    ['/^a$/ims', '^a$', 'ims'],
    ['/a/b.*/', 'a/b.*', ''],
  ] as const) {
    it(`is read from ${text}`, () => assert.deepEqual(readRegex(text), { source, flags }));
  }

  for (const text of [
    '/static/',
    '/static/*',
    '/users/:id',
    '/',
    '//',
    '/a/b/',
    '/v1.2/',
    'health',
    '/api/m',
    '/wiki/s',
    '/x/y',
  ]) {
    it(`is not read from the path ${text}`, () => assert.equal(readRegex(text), undefined));
  }

  it('has its flags obeyed', () => {
    assert.equal(compileGivenRegex('/abc/i').test('xABCx'), true);
    assert.equal(compileGivenRegex('/^b/m').test('a\nb'), true);
    assert.equal(compileGivenRegex('/a.b/s').test('a\nb'), true);
    assert.equal(compileGivenRegex('abc').test('xABCx'), false);
    assert.equal(compileGivenRegex('a.b').test('a\nb'), false);
  });

  it('is one also without a character that only expressions need, where an expression is asked for', () => {
    assert.equal(compileGivenRegex('/hunter2/').test('x hunter2 y'), true);
    assert.equal(compileGivenRegex('/card-\\d+/g').test('card-17'), true);
    assert.equal(compileGivenRegex('/CARD-\\d+/giu').test('card-17'), true);
  });
});
