// The 218 cases the policy came with, judged as leakcheck.mjs judges them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import type { RedactionKind } from '../../src/redaction/create-redactor.ts';
import { findLeak, isKept } from './leak-forms.ts';

interface FileCase {
  readonly id: string;
  readonly kind: RedactionKind;
  readonly input: string;
  readonly secrets: readonly string[];
  readonly must_keep: readonly string[];
}

const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8')) as readonly FileCase[];
const redactor = createRedactor();

describe('the cases of the policy', () => {
  it('are all there', () => assert.equal(cases.length, 218));

  for (const { id, kind, input, secrets, must_keep: keep } of cases) {
    it(`${id} ${secrets.length > 0 ? 'hides the secret' : 'keeps a clean text'}`, () => {
      const output = redactor.redact(input, kind);
      for (const secret of secrets) assert.equal(findLeak(output, secret), undefined);
      for (const text of keep) assert.ok(isKept(output, text), `lost ${text} in ${output.slice(0, 200)}`);
      assert.equal(redactor.redact(output, kind), output, 'a second time changes nothing');
    });
  }
});
