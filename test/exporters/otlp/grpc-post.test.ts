// One call after the other on a connection that may go away between them.
import assert from 'node:assert/strict';
import { type TestContext, suite, test } from 'node:test';
import { constants } from 'node:http2';
import { createGrpcTransport } from '../../../src/exporters/otlp/grpc-transport.ts';
import type { Judged } from '../../../src/exporters/otlp/transport.ts';
import { startBlackHole } from '../../support/black-hole.ts';
import { closeAfter } from '../../support/close-after.ts';
import { type GrpcSinkOptions, startGrpcSink } from '../../support/grpc-sink.ts';

const SERVICE = 'opentelemetry.proto.collector.trace.v1.TraceService';
const BODY = new Uint8Array();

function createTransport(url: string, timeoutMillis = 10_000) {
  const transport = createGrpcTransport(
    { url, headers: {}, isGzip: false, maxInFlight: 4, timeoutMillis, tls: {} },
    SERVICE,
  );
  const never = new AbortController().signal;
  // What holds no process would let this one end.
  const alive = setInterval(() => {}, 1e6);
  return {
    call: (body: Uint8Array = BODY, abandoned = never): Promise<Judged> => transport.post(body, abandoned).answer,
    post: transport.post,
    [Symbol.asyncDispose]: () => Promise.resolve(clearInterval(alive)),
  };
}

async function start(t: TestContext, options: GrpcSinkOptions = {}, timeoutMillis?: number) {
  const sink = await closeAfter(t, startGrpcSink(options));
  return { sink, ...(await closeAfter(t, Promise.resolve(createTransport(sink.url, timeoutMillis)))) };
}

suite('gRPC calls', { concurrency: 4 }, () => {
  test('share a connection, one after the other and at the same time', async (t) => {
    const { sink, call } = await start(t);
    await call();
    const answers = await Promise.all([call(), call(), call()]);
    assert.deepEqual(new Set(answers.map(({ verdict }) => verdict.taken)), new Set([true]));
    assert.deepEqual([sink.requests.length, sink.sessions()], [4, 1]);
  });

  for (const [what, first, sessions] of [
    ['after GOAWAY', { goaway: 'after' }, 2],
    ['after the receiver has cut it', { accept: true }, 2],
  ] as const) {
    test(`get a new connection ${what}`, async (t) => {
      const { sink, call } = await start(t, { first: [first] });
      assert.equal((await call()).verdict.taken, true);
      sink.cutConnections();
      // The end of a connection takes a moment to be seen; until then a call on it fails as one that nobody took.
      while (!(await call().catch(() => undefined))?.verdict.taken);
      assert.equal(sink.sessions(), sessions);
    });
  }

  for (const [what, answer, message] of [
    ['is refused by GOAWAY', { goaway: 'before' }, /./],
    ['is reset', { reset: constants.NGHTTP2_INTERNAL_ERROR }, /NGHTTP2_INTERNAL_ERROR/],
    ['has no answer when the connection breaks', { reset: 'connection' }, /./],
  ] as const) {
    test(`one that ${what} rejects, and the next arrives`, async (t) => {
      const { sink, call } = await start(t, { first: [answer] });
      await assert.rejects(call(), message);
      while (!(await call().catch(() => undefined))?.verdict.taken);
      assert.ok(sink.requests.length >= 2);
    });
  }

  test('one that is not answered in time takes its connection along, but not the calls on it', async (t) => {
    const { sink, call, post } = await start(t, { first: [{ hang: true }] }, 500);
    const silent = call();
    await sink.waitForRequests(1);
    const { answer, isWritten } = post(BODY, new AbortController().signal);
    await Promise.all([assert.rejects(silent, /no answer within 500 ms/), answer]);
    assert.equal(isWritten(), true);
    await call();
    assert.equal(sink.sessions(), 2);
  });

  test('an address that takes no connection is given up soon', async (t) => {
    const hole = await closeAfter(t, startBlackHole());
    const { call } = await closeAfter(t, Promise.resolve(createTransport(hole.url, 60_000)));
    await assert.rejects(call(), /no connection within 1500 ms/);
  });

  test('abandoned, they end with their connection', async (t) => {
    const { sink, call } = await start(t, { answer: { hang: true } });
    const controller = new AbortController();
    const calls = [call(BODY, controller.signal), call(BODY, controller.signal)];
    await sink.waitForRequests(2);
    controller.abort();
    for (const abandoned of calls) await assert.rejects(abandoned, /before the process ended/);
    await assert.rejects(call(BODY, controller.signal), /before the process ended/);
  });

  test('an answer that never ends is not kept', async (t) => {
    const { call } = await start(t, { answer: { flood: true } });
    const { verdict, body } = await call();
    assert.deepEqual([verdict.taken, body.length], [true, 0]);
  });

  test('a large message arrives whole', async (t) => {
    const { sink, call } = await start(t, { answer: { code: 0 } });
    assert.equal((await call(new Uint8Array(4_000_000))).verdict.taken, true);
    assert.equal(sink.requests[0]?.body.length, 4_000_000);
  });
});
