import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { endWithError } from '../../src/instrumentations/end-span.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { collectInto, createProvider } from '../tracer/provider.ts';

function startOne(): { end(error: unknown): void; ended: ReadableSpan[] } {
  const ended: ReadableSpan[] = [];
  const span = createProvider({ spanProcessors: [collectInto(ended)] })
    .getTracer('test')
    .startSpan('GET');
  return { end: (error) => endWithError(span, error, createRedactor()), ended };
}

suite('a span that ends with an error', () => {
  test('ends though the error throws when it is read', () => {
    for (const property of ['code', 'message', 'stack', 'cause']) {
      const { end, ended } = startOne();
      const error = new Error('of the application');
      Object.defineProperty(error, property, {
        get() {
          throw new RangeError('of a getter');
        },
      });
      assert.throws(() => end(error), /of a getter/);
      assert.equal(ended.length, 1, property);
    }
  });

  test('has the error of another context, as test runners and sandboxes have them', () => {
    const { end, ended } = startOne();
    end(runInNewContext('Object.assign(new TypeError("no token=abcd1234efgh"), { code: "EOTHER" })'));
    assert.equal(ended[0]?.status.message, 'no token=REDACTED');
    assert.equal(ended[0].attributes['error.type'], 'EOTHER');
    assert.equal(ended[0].events[0]?.name, 'exception');
  });
});
