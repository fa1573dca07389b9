// What holds for every text, whatever it says: fast-check looks for counterexamples.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import type { RedactionKind } from '../../src/redaction/create-redactor.ts';
import { findLeak } from './leak-forms.ts';
import { createRandom, fakeSecret } from './random.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

const redactor = createRedactor();
const kinds = fc.constantFrom<RedactionKind>('client', 'server', 'string');
/** Pieces that mean something to some detector, so that random texts reach every branch. */
const pieces = fc.constantFrom(
  'token',
  'password',
  'key',
  'code',
  'state',
  'auth',
  '=',
  '&',
  ';',
  '?',
  '#',
  '/',
  '//',
  ':',
  '://',
  'https',
  '@',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ',',
  '+',
  '%',
  '%3D',
  '%26',
  '%2525',
  '%22',
  '\\u0026',
  '&amp;',
  '&#38;',
  ' ',
  '\n',
  '\t',
  '--',
  '-u',
  'Bearer ',
  'Basic ',
  'Cookie:',
  'reset/',
  'bot1:',
  'REDACTED',
  '*****',
  'eyJ',
  '.',
  '<',
  '>',
  '|',
  'a',
  '1',
  '\ud83d',
  '\u200b',
  '\uff54',
  'Q7abcdefgh12345678',
);
const texts = fc.oneof(
  fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes)),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
);
const secrets = fc.integer({ min: 1 }).map((seed) => fakeSecret(createRandom(seed), 24));
const listed = fc.constantFrom(
  'token',
  'api_key',
  'password',
  'clientSecret',
  'sig',
  'X-Auth-Token',
  'sid',
  'jwt',
  'PGPASSWORD',
);
const runs = { numRuns: 2000, seed: 20_261_122 };

describe('redact', () => {
  it('gives a string for every text, in bounded time', () => {
    fc.assert(
      fc.property(texts, kinds, (text, kind) => {
        const millis = cpuMillisOf(() => assert.equal(typeof redactor.redact(text, kind), 'string'));
        assert.ok(millis < 250, `${millis} ms`);
      }),
      runs,
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(texts, kinds, (text, kind) => {
        const once = redactor.redact(text, kind);
        assert.equal(redactor.redact(once, kind), once);
      }),
      runs,
    );
  });

  it('changes nothing the second time, also beyond the size limit', () => {
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 12 }), kinds, (parts, kind) => {
        const once = redactor.redact(parts.join('').repeat(20_000 / parts.length), kind);
        assert.ok(once.length <= 16_384 + redactor.marker.length);
        assert.equal(redactor.redact(once, kind), once);
      }),
      { ...runs, numRuns: 150 },
    );
  });

  it('hides the value of a listed name, whatever comes before it', () => {
    const before = fc.oneof(texts, fc.constant('')).map((text) => text.replace(/[%\\]+$/, ''));
    fc.assert(
      fc.property(before, listed, secrets, kinds, (text, name, secret, kind) => {
        const output = redactor.redact(`${text}&${name}=${secret}`, kind);
        assert.equal(findLeak(output, secret), undefined, output);
      }),
      runs,
    );
  });

  it('hides the value of a listed name, whatever comes after it', () => {
    fc.assert(
      fc.property(texts, listed, secrets, kinds, (text, name, secret, kind) => {
        const output = redactor.redact(`/p?${name}=${secret}${text}`, kind);
        assert.equal(findLeak(output, secret), undefined, output);
      }),
      runs,
    );
  });

  it('returns the same text when there is nothing to hide', () => {
    const words = fc.constantFrom(
      'orders',
      'page',
      'author',
      'monkey',
      'en-GB',
      'v2.14.0',
      '12',
      '2024-01-01',
      'blue',
      'design',
      'caf%C3%A9',
    );
    const url = fc
      .tuple(fc.array(words, { maxLength: 5 }), fc.array(fc.tuple(words, words), { maxLength: 5 }))
      .map(([path, query]) => `/${path.join('/')}?${query.map((pair) => pair.join('=')).join('&')}`);
    fc.assert(
      fc.property(url, kinds, (text, kind) => {
        assert.equal(redactor.redact(text, kind), text);
        assert.deepEqual(redactor.explain(text, kind).findings, []);
      }),
      runs,
    );
  });

  it('explains what it hid by offsets in the original text', () => {
    fc.assert(
      fc.property(texts, kinds, (text, kind) => {
        const { redacted, findings } = redactor.explain(text, kind);
        assert.equal(redacted, redactor.redact(text, kind));
        let rebuilt = '';
        let from = 0;
        for (const { start, end } of findings) {
          assert.ok(start >= from && end > start && end <= text.length);
          rebuilt += text.slice(from, start) + redactor.marker;
          from = end;
        }
        assert.equal(rebuilt + text.slice(from), redacted);
      }),
      runs,
    );
  });
});
