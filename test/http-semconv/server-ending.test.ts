import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
import { EXIT_CUT, readStatusCode, toCut, toCutOutcome } from '../../src/http-semconv/server-ending.ts';

const coded = (code: string): Error => Object.assign(new Error(code), { code });
const closed = { error: null, isGivenByApplication: false, isEndedByClient: false };

suite('an exchange whose connection closed', () => {
  for (const [name, changes, by, type] of [
    ['was ended by a client that closed its side', { isEndedByClient: true }, 'client', 'aborted'],
    ['was ended by a client that reset it', { error: coded('ECONNRESET') }, 'client', 'aborted'],
    ['was ended by a client whose body stopped', { error: coded('HPE_INVALID_EOF_STATE') }, 'client', 'aborted'],
    ['was ended for what is no request', { error: coded('HPE_INVALID_METHOD') }, 'client', 'HPE_INVALID_METHOD'],
    [
      'was ended for a request that took too long',
      { error: coded('ERR_HTTP_REQUEST_TIMEOUT') },
      'client',
      'ERR_HTTP_REQUEST_TIMEOUT',
    ],
    ['was ended by the server, where nobody else did', {}, 'server', 'destroyed'],
  ] as const) {
    test(name, () => assert.deepEqual(toCut({ ...closed, ...changes }), { by, type }));
  }

  test('was ended by an error of the application, also where the code is that of a lost client', () => {
    const error = coded('ECONNRESET');
    assert.deepEqual(toCut({ ...closed, error, isGivenByApplication: true }), { by: 'error', error });
    const other = coded('ENOENT');
    assert.deepEqual(toCut({ ...closed, error: other, isEndedByClient: true }), { by: 'error', error: other });
    assert.deepEqual(toCut({ ...closed, error: 'a text' }), { by: 'error', error: 'a text' });
  });

  test("is an error where it is the server's doing, and none where it is the client's", () => {
    assert.deepEqual(toCutOutcome({ by: 'client', type: 'aborted' }), { attributes: { 'error.type': 'aborted' } });
    assert.deepEqual(toCutOutcome(EXIT_CUT as { by: 'server'; type: string }), {
      attributes: { 'error.type': 'process_exit' },
      status: { code: SpanStatusCode.ERROR },
    });
  });
});

suite('the status code of bytes', () => {
  for (const [text, wanted] of [
    ['HTTP/1.1 101 Switching Protocols\r\n', 101],
    ['HTTP/1.0 200\r\n', 200],
    ['', undefined],
    ['H', undefined],
    ['HTTP/1.1 1', undefined],
    ['HTTP/1.1 10', undefined],
    ['HTTP/2 200 OK', 0],
    ['hello', 0],
    ['HTTP/1.1 abc def', 0],
  ] as const) {
    test(`${JSON.stringify(text)} is ${wanted}`, () => assert.equal(readStatusCode(text), wanted));
  }
});
