import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { createContextKey, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { keepStreamContext } from '../../src/hooks/http2-context.ts';
import { watchHttp2Requests } from '../../src/hooks/http2-requests.ts';

/** A session to a server of this process that answers with the `x-seen` header it got; both end with the test. */
async function openSession(
  t: TestContext,
  onStream: (stream: ServerHttp2Stream) => void = () => {},
): Promise<ClientHttp2Session> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    onStream(stream);
    stream.respond();
    stream.end(String(headers['x-seen']));
  });
  server.listen(0);
  await once(server, 'listening');
  const session = connect(`http://localhost:${(server.address() as AddressInfo).port}`);
  t.after(() => {
    session.destroy();
    server.close();
  });
  return session;
}

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

const prototypeOf = (session: ClientHttp2Session): object => Object.getPrototypeOf(session) as object;

suite('session.request() with a watch before it', () => {
  test('is a method like the one before, and afterwards it is that one again', async (t) => {
    const session = await openSession(t);
    const prototype = prototypeOf(session);
    const before = Object.getOwnPropertyDescriptors(prototype);
    const watch = watchHttp2Requests(() => undefined);
    const during = Object.getOwnPropertyDescriptors(prototype);
    assert.notEqual(during['request']?.value, before['request']?.value);
    assert.deepEqual(Object.keys(during), Object.keys(before));
    const shape = ({ value, ...flags }: PropertyDescriptor): unknown => [
      flags,
      value.name,
      value.length,
      Object.getOwnPropertyNames(value),
    ];
    for (const name of Object.keys(before)) assert.deepEqual(shape(during[name]!), shape(before[name]!));
    assert.throws(() => Reflect.construct(during['request']?.value, []), TypeError);
    watch[Symbol.dispose]();
    assert.deepEqual(Object.getOwnPropertyDescriptors(prototype), before);
  });

  test('sends the headers that were prepared, and leaves calls alone that nobody prepares', async (t) => {
    const session = await openSession(t);
    const made: unknown[] = [];
    const watch = watchHttp2Requests((_session, given) =>
      given === undefined
        ? undefined
        : { headers: { 'x-seen': 'prepared' }, made: (stream) => made.push(stream), failed: () => {} },
    );
    t.after(() => watch[Symbol.dispose]());
    assert.equal(await read(session.request()), 'undefined');
    const stream = session.request({ 'x-seen': 'given' }, { endStream: true });
    assert.equal(await read(stream), 'prepared');
    assert.deepEqual(made, [stream]);
  });

  test('throws what it throws, and says so', async (t) => {
    const session = await openSession(t);
    const failures: unknown[] = [];
    const watch = watchHttp2Requests((_session, headers) => ({
      headers: Object(headers),
      made: () => {},
      failed: (error) => failures.push(error),
    }));
    t.after(() => watch[Symbol.dispose]());
    let thrown: unknown;
    try {
      session.request({}, { endStream: 'no' } as never);
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof TypeError);
    assert.deepEqual(failures, [thrown]);
  });

  test('a patch of somebody else on top of it stays, and ours in it is silent', async (t) => {
    const session = await openSession(t);
    const prototype = prototypeOf(session) as ClientHttp2Session;
    const original = Object.getOwnPropertyDescriptor(prototype, 'request')!;
    t.after(() => Object.defineProperty(prototype, 'request', original));
    const watch = watchHttp2Requests(() => assert.fail('asked after it was disposed'));
    const ours = prototype.request;
    const theirs: typeof ours = function (this: ClientHttp2Session, ...args) {
      return ours.apply(this, args);
    };
    prototype.request = theirs;
    watch[Symbol.dispose]();
    assert.equal(prototype.request, theirs);
    assert.equal(await read(session.request({ 'x-seen': 'given' })), 'given');
  });
});

test('a stream and its session keep their shape when their events get a context', async (t) => {
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  t.after(() => context.disable());
  const key = createContextKey('whose');
  const seen: unknown[] = [];
  const keys: string[][] = [];
  const session = await openSession(t, (stream) => {
    const before = [Object.keys(stream), stream.eventNames().map(String)].flat();
    keepStreamContext(stream, ROOT_CONTEXT.setValue(key, 'mine'));
    keys.push(before, [Object.keys(stream), stream.eventNames().map(String)].flat());
    for (const target of [stream, stream.session!]) {
      assert.equal(target.emit.name, 'emit');
      assert.equal(target.emit.length, createServer().emit.length);
    }
    stream.on('close', () => seen.push(context.active().getValue(key)));
  });
  assert.equal(await read(session.request({ 'x-seen': 'given' })), 'given');
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ['mine']);
  assert.deepEqual(keys[1], keys[0]);
});
