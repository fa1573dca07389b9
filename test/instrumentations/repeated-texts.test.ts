import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createRepeatedTexts } from '../../src/instrumentations/repeated-texts.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';

const SECRET = 'agent/1.0 token=hunter2-hunter2';

/** With a count of what is really read. */
function create() {
  const { redact } = createRedactor();
  const read: string[] = [];
  const redactRepeated = createRepeatedTexts({
    redact(text, kind) {
      read.push(text);
      return redact(text, kind);
    },
  });
  return { redactRepeated, read };
}

suite('texts that repeat', () => {
  test('are read once', () => {
    const { redactRepeated, read } = create();
    for (const text of [
      'shop.example',
      'shop.example',
      'café.example',
      'café.example',
      '日本.example',
      '日本.example',
    ]) {
      assert.equal(redactRepeated(text), text);
    }
    assert.deepEqual(read, ['shop.example', 'café.example', '日本.example']);
  });

  test('are hidden every time where they hold a secret', () => {
    const { redactRepeated, read } = create();
    for (let time = 0; time < 3; time++) assert.equal(redactRepeated(SECRET), 'agent/1.0 token=REDACTED');
    assert.equal(read.length, 3);
  });

  test('are forgotten when there are too many, and not kept when they are long', () => {
    const { redactRepeated, read } = create();
    for (let index = 0; index <= 500; index++) redactRepeated(`host-${index}.example`);
    redactRepeated('host-0.example');
    assert.equal(read.length, 502);
    const long = 'a'.repeat(300);
    redactRepeated(long);
    redactRepeated(long);
    assert.equal(read.length, 504);
  });
});
