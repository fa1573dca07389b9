import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyRecorder } from '../../../src/instrumentations/capture/body-recorder.ts';
import { createRedactor } from '../../../src/redaction/create-redactor.ts';

const redactor = createRedactor();
const redact = (text: string): string => redactor.redact(text, 'string');
const json = { contentType: 'application/json; charset=utf-8', contentEncoding: undefined };

function record(maxBytes: number, chunks: readonly (string | Uint8Array)[]): BodyRecorder {
  const recorder = new BodyRecorder(maxBytes);
  for (const chunk of chunks) recorder.add(chunk);
  return recorder;
}

describe('a recorded body', () => {
  it('is the text as it was, when nothing in it is secret', () => {
    const body = record(1000, ['{"sku":', Buffer.from('42}')]).finish(json, redact);
    assert.deepEqual(body, { size: 10, text: '{"sku":42}' });
  });

  it('hides secrets, also those that lie across two chunks', () => {
    const { text = '' } = record(1000, ['{"pass', 'word":"correct-ho', 'rse"}']).finish(json, redact);
    assert.doesNotMatch(text, /correct|horse/);
    assert.match(text, /REDACTED/);
  });

  it('is cut at the limit, and says how much is missing', () => {
    const { size, text } = record(10, ['one two three four']).finish({ ...json, contentType: 'text/plain' }, redact);
    assert.deepEqual({ size, text }, { size: 18, text: 'one two … (8 bytes more)' });
  });

  it('keeps no half of a secret that the cut goes through', () => {
    const secret = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'dozjgNryP4J3jVmNHl0w5N_XgL0n3I9'].join('.');
    for (let limit = 12; limit < 12 + secret.length; limit++) {
      const { text = '' } = record(limit, [`see it: ${secret} end`]).finish(
        { ...json, contentType: 'text/plain' },
        redact,
      );
      assert.ok(!text.includes(secret.slice(0, 10)), `at ${limit}: ${text}`);
    }
  });

  it('keeps no more bytes than the limit, however large the chunks', () => {
    const recorder = record(4, [Buffer.alloc(1_000_000, 'a'), 'b'.repeat(1000)]);
    assert.equal(recorder.finish({ ...json, contentType: 'text/plain' }, (text) => text).size, 1_001_000);
  });

  it('does not change when the memory of a chunk is used again', () => {
    const chunk = Buffer.from('first');
    const recorder = record(100, [chunk]);
    chunk.fill('x');
    assert.equal(recorder.finish({ ...json, contentType: 'text/plain' }, redact).text, 'first');
  });

  for (const headers of [
    { contentType: 'application/octet-stream', contentEncoding: undefined },
    { contentType: 'image/png', contentEncoding: undefined },
    { contentType: 'application/json', contentEncoding: 'gzip' },
    { contentType: undefined, contentEncoding: undefined },
    { contentType: 'text/plain; charset=utf-16le', contentEncoding: undefined },
    { contentType: 'multipart/form-data; boundary=x', contentEncoding: undefined },
  ]) {
    it(`gives only the size of ${headers.contentType} ${headers.contentEncoding ?? ''}`, () => {
      assert.deepEqual(record(100, ['secret']).finish(headers, redact), { size: 6, text: undefined });
    });
  }

  for (const contentType of [
    'text/html',
    'application/problem+json',
    'application/x-www-form-urlencoded',
    'application/soap+xml;charset="UTF-8"',
  ]) {
    it(`gives the text of ${contentType}`, () => {
      assert.equal(record(100, ['plain']).finish({ contentType, contentEncoding: 'identity' }, redact).text, 'plain');
    });
  }
});
