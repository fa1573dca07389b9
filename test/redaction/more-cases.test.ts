// Our own cases, made from the policy: other names, tokens, hosts and encodings than those of cases.json.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { findLeak, isKept } from './leak-forms.ts';
import { ATTACKS, CLEAN } from './more-cases.ts';

const redactor = createRedactor();

describe('attacks', () => {
  for (const [at, { kind, input, secrets, keep }] of ATTACKS.entries()) {
    it(`${at} ${kind} ${JSON.stringify(input.slice(0, 60))}`, () => {
      const output = redactor.redact(input, kind);
      for (const secret of secrets) assert.equal(findLeak(output, secret), undefined, output);
      for (const text of keep) assert.ok(isKept(output, text), `lost ${text} in ${output}`);
      assert.equal(redactor.redact(output, kind), output, 'a second time changes nothing');
    });
  }
});

describe('clean texts come back as they are', () => {
  for (const { kind, input } of CLEAN) {
    it(`${kind} ${JSON.stringify(input.slice(0, 70))}`, () => assert.equal(redactor.redact(input, kind), input));
  }
});
