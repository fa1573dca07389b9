import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { judgeGrpcAnswer, readStatus } from '../../../src/exporters/otlp/grpc-status.ts';
import { encodeRetryInfo } from '../../support/grpc-sink.ts';

const judge = (headers: Record<string, string>, httpStatus = 200) =>
  judgeGrpcAnswer({ httpStatus, body: new Uint8Array(), ...readStatus(headers) });

suite('the verdict on a gRPC answer', () => {
  test('0 is taken', () => assert.deepEqual(judge({ 'grpc-status': '0' }), { taken: true }));

  test('only CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS may be sent again', () => {
    const again = Array.from({ length: 40 }, (_, code) => judge({ 'grpc-status': String(code) }))
      .filter((verdict) => !verdict.taken && verdict.retry)
      .map((verdict) => !verdict.taken && verdict.reason);
    assert.deepEqual(again, [
      'gRPC status 1 CANCELLED',
      'gRPC status 4 DEADLINE_EXCEEDED',
      'gRPC status 10 ABORTED',
      'gRPC status 11 OUT_OF_RANGE',
      'gRPC status 14 UNAVAILABLE',
      'gRPC status 15 DATA_LOSS',
    ]);
  });

  test('RESOURCE_EXHAUSTED may be sent again where RetryInfo says so, after the time it names', () => {
    const reason = 'gRPC status 8 RESOURCE_EXHAUSTED';
    assert.deepEqual(judge({ 'grpc-status': '8' }), {
      taken: false,
      reason,
      retry: false,
      unread: false,
      waitMillis: undefined,
    });
    const details = encodeRetryInfo(8, 2250);
    assert.deepEqual(judge({ 'grpc-status': '8', 'grpc-status-details-bin': details }), {
      taken: false,
      reason,
      retry: true,
      unread: false,
      waitMillis: 2250,
    });
  });

  test('a RetryInfo without a time leaves it to us', () => {
    const any = Buffer.from('\n(type.googleapis.com/google.rpc.RetryInfo');
    const details = Buffer.concat([Buffer.from([8, 8, 0x1a, any.length + 2]), any, Buffer.from([0x12, 0])]);
    const verdict = judge({ 'grpc-status': '8', 'grpc-status-details-bin': details.toString('base64') });
    assert.deepEqual(!verdict.taken && [verdict.retry, verdict.waitMillis], [true, undefined]);
  });

  test('RetryInfo makes nothing retryable that is not', () => {
    const verdict = judge({ 'grpc-status': '3', 'grpc-status-details-bin': encodeRetryInfo(3, 1000) });
    assert.equal(!verdict.taken && verdict.retry, false);
  });

  for (const details of [
    '',
    'AAAA',
    '////',
    'GgE',
    'Gv////8P',
    'a,b',
    'CAgaBAoCdHk=',
    Buffer.alloc(99, 0xff).toString('base64'),
  ])
    test(`details that are ${JSON.stringify(details)} say nothing`, () => {
      const verdict = judge({ 'grpc-status': '8', 'grpc-status-details-bin': details });
      assert.equal(!verdict.taken && verdict.retry, false);
    });

  for (const [message, text] of [
    ['a%20b%C3%BC', 'a bü'],
    ['100% sure', '100% sure'],
  ] as const) {
    test(`the message ${message} is read as ${text}`, () => {
      const verdict = judge({ 'grpc-status': '3', 'grpc-message': message });
      assert.equal(!verdict.taken && verdict.reason, `gRPC status 3 INVALID_ARGUMENT: ${text}`);
    });
  }

  test('UNIMPLEMENTED alone may be about the compression', () => {
    const isUnread = (code: number): boolean => {
      const verdict = judge({ 'grpc-status': String(code) });
      return !verdict.taken && verdict.unread;
    };
    assert.deepEqual(Array.from({ length: 17 }, (_, code) => code).filter(isUnread), [12]);
  });

  test('without a gRPC status the one of HTTP decides', () => {
    const again = Array.from({ length: 600 }, (_, code) => code).filter((code) => {
      const verdict = judge({}, code);
      return !verdict.taken && verdict.retry;
    });
    assert.deepEqual(again, [429, 502, 503, 504]);
    for (const status of [{}, { 'grpc-status': 'fine' }, { 'grpc-status': '-1' }])
      assert.deepEqual(judge(status), {
        taken: false,
        reason: 'an answer without a gRPC status',
        retry: false,
        unread: false,
        waitMillis: undefined,
      });
  });
});
