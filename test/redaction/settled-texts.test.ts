// A redactor remembers what remained of texts: that must change nothing of what it hides.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type RedactionKind, createRedactor } from '../../src/redaction/create-redactor.ts';
import { ATTACKS, CLEAN } from './more-cases.ts';

interface Text {
  readonly kind: RedactionKind;
  readonly input: string;
}

const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8')) as readonly Text[];
const KINDS: readonly RedactionKind[] = ['client', 'server', 'string'];
const texts = [...cases, ...ATTACKS, ...CLEAN].map(({ input }) => input);

describe('a redactor that has read everything before', () => {
  it('hides what a new one hides, of every kind', () => {
    const old = createRedactor();
    for (const kind of KINDS) for (const text of texts) old.redact(text, kind);
    for (const kind of KINDS) {
      for (const text of texts) assert.equal(old.redact(text, kind), createRedactor().redact(text, kind), text);
    }
  });

  it('hides the next secret in the same place, and one that stands beside it', () => {
    const redactor = createRedactor();
    const clean = 'https://h.example/x?token=REDACTED&page=2';
    for (const secret of ['abc', 'Zk3Qm9Xw1Rt7Yp5L', 'REDACTED']) {
      assert.equal(redactor.redact(`https://h.example/x?token=${secret}&page=2`, 'client'), clean);
    }
    assert.equal(redactor.redact(clean, 'client'), clean);
    assert.equal(redactor.redact(`${clean}&api_key=abc`, 'client'), `${clean}&api_key=REDACTED`);
    assert.equal(
      redactor.redact('token=abc REDACTED', 'string'),
      createRedactor().redact('token=abc REDACTED', 'string'),
    );
  });

  it('goes on when it has seen more than it remembers', () => {
    const redactor = createRedactor();
    for (let index = 0; index < 1200; index++) {
      assert.equal(redactor.redact(`/x/${index}?token=abc`, 'server'), `/x/${index}?token=REDACTED`);
    }
  });
});
