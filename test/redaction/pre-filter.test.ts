// The pre-filter may stop too much, never too little: everything the detectors know must stop it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNameJudge } from '../../src/redaction/name-judge.ts';
import { PATH_MARKERS } from '../../src/redaction/path-markers.ts';
import { createPreFilter } from '../../src/redaction/pre-filter.ts';
import {
  ALWAYS_WORDS,
  ENDINGS,
  KEY_QUALIFIERS,
  SQUASHED_NAMES,
  WEAK_NAMES,
} from '../../src/redaction/sensitive-names.ts';
import { TOKEN_SHAPES } from '../../src/redaction/token-shapes.ts';
import { ATTACKS } from './more-cases.ts';

const mayHoldSecret = createPreFilter(createNameJudge({}).anchors);

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
