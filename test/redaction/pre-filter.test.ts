// The pre-filter may stop too much, never too little: everything the detectors know must stop it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNameJudge } from '../../src/redaction/name-judge.ts';
import { PATH_MARKERS } from '../../src/redaction/path-markers.ts';
import { EVERYTHING, FLAGS, NAMES, PATHS, SHAPES, createPreFilter } from '../../src/redaction/pre-filter.ts';
import { type CompiledRules, readFindings } from '../../src/redaction/read-findings.ts';
import type { RedactionKind } from '../../src/redaction/redactor-options.ts';
import { SettledTexts } from '../../src/redaction/settled-texts.ts';
import {
  ALWAYS_WORDS,
  ENDINGS,
  KEY_QUALIFIERS,
  SQUASHED_NAMES,
  WEAK_NAMES,
} from '../../src/redaction/sensitive-names.ts';
import { TOKEN_SHAPES } from '../../src/redaction/token-shapes.ts';
import * as fc from 'fast-check';
import { amountOf } from '../support/every-case.ts';
import { ATTACKS, CLEAN } from './more-cases.ts';

const judge = createNameJudge({});
const suspect = createPreFilter(judge.anchors);
const mayHoldSecret = (text: string): boolean => suspect(text) !== 0;

describe('the pre-filter stops', () => {
  it('every name, in any case and with separators inside', () => {
    for (const name of [
      ...ALWAYS_WORDS,
      ...SQUASHED_NAMES,
      ...ENDINGS,
      ...KEY_QUALIFIERS.map((word) => `${word}_key`),
      'user_pass',
    ]) {
      for (const form of [name, name.toUpperCase(), [...name].join('_'), `my${name}`])
        assert.ok(mayHoldSecret(`/x?a=1&${form}=z`), form);
    }
  });
  it('every weak name', () => {
    for (const name of WEAK_NAMES) assert.ok(mayHoldSecret(`/x?a=1&${name}=z`), name);
  });
  it('every shape', () => {
    for (const { prefix, anchor } of TOKEN_SHAPES) {
      const text = `/x/${prefix}${'1234567890abcdef'.repeat(2)}${anchor === prefix ? '' : anchor}/y`;
      assert.ok(mayHoldSecret(text), text);
    }
  });
  it('every path marker', () => {
    for (const marker of PATH_MARKERS) assert.ok(mayHoldSecret(`/a/${marker}/Q7abcdefgh12345678`), marker);
  });
  it('every attack we know', () => {
    for (const { input, secrets } of ATTACKS)
      if (input.length < 16_000 && secrets.length > 0) assert.ok(mayHoldSecret(input), input);
  });
});

const rules: CompiledRules = {
  suspect,
  judge,
  marker: 'REDACTED',
  query: 'redact',
  hideAll: false,
  patterns: [],
  values: [],
  settled: new SettledTexts(),
};
const kinds: readonly RedactionKind[] = ['client', 'server', 'string'];

/** What the detectors find that it asks for is what all of them find. */
function assertSound(text: string): void {
  for (const kind of kinds) {
    const [found, all] = [suspect(text), EVERYTHING].map((suspects) =>
      readFindings(text, { kind, isCut: false, rules, suspects }),
    );
    assert.deepEqual(found, all, `${kind} ${JSON.stringify(text)}`);
  }
}

describe('the detectors that the pre-filter leaves out find nothing', () => {
  it('in what we know', () => {
    for (const { input } of [...ATTACKS, ...CLEAN]) if (input.length < 16_000) assertSound(input);
  });
  it('in what is put together of what each of them looks for', () => {
    // None of them is something after which all is read.
    const pieces = fc.constantFrom(
      ...'token password key=  code= pw sk pass/ reset/ invite webhook/ catch/ hooks.slack.com/services/ bot12345678:AA bot1:'.split(
        ' ',
      ),
      ...'incomingwebhook/ hf_ r8_ SG. ST-1 SK0123456789abcdef0123456789abcdef eyJ sk_live_ key- AKIA ghp_'.split(' '),
      'Bearer ',
      'basic+',
      '-----BEGIN PRIVATE KEY-----',
      ' ',
      '+',
      '-u ',
      '-U',
      '--user ',
      '--token ',
      ' -',
      'REDACTED',
      ...'= & ? # / // : , . _ - [ ] ! * ~ | 1 a Z bob:hunter2 Q7abcdefgh12345678 12345678'.split(' '),
    );
    const texts = fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join(''));
    fc.assert(fc.property(texts, assertSound), { numRuns: amountOf(100_000, 10_000), seed: 20_261_129 });
  });
  it('and each is asked where it can find something', () => {
    const expected: readonly (readonly [text: string, suspects: number])[] = [
      ['/x?token=a', NAMES],
      ['/x?a=hf_b', SHAPES],
      ['/reset/Q7abcdefgh12345678', PATHS],
      ['-u bob:hunter2', FLAGS],
      ['/x?a=%41', EVERYTHING],
    ];
    for (const [text, suspects] of expected) assert.equal(suspect(text), suspects, text);
  });
});

describe('the pre-filter lets go', () => {
  it('ordinary URLs and log lines', () => {
    for (const text of [
      'https://api.harborline.example/v1/orders?page=2&limit=20&sort=created_at&lang=en',
      '/orders/3f2b8c1e-6a4d-4f0b-9c2a-7d1e5b8a9c30?expand=lines',
      '/users/12345/posts?fields=id,name&status=open',
      'https://cdn.example.com/assets/app.3f2b8c1e.js',
      'GET /v1/items 200 12ms',
    ]) {
      assert.ok(!mayHoldSecret(text), text);
    }
  });
});
