import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, type Socket, createServer as createNetServer } from 'node:net';
import { type TestContext, suite, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { startPostOnIdle } from '../../../src/exporters/otlp/post-on-idle.ts';

/** A receiver in a thread of its own, since this one is blocked: it answers the first request with 200, every later one with `answer`. */
async function startReceiver(t: TestContext, answer: string) {
  const source = `
    const { parentPort } = require('node:worker_threads');
    let count = 0;
    require('node:http').createServer((request, response) => {
      let size = 0;
      request.on('data', (chunk) => (size += chunk.length));
      request.on('end', () => {
        if (count++ === 0) return response.end();
        parentPort.postMessage({ size, method: request.method, url: request.url, headers: request.headers });
        ${answer}
      });
    }).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });`;
  const worker = new Worker(source, { eval: true });
  t.after(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  return { worker, url: new URL(`http://user:p%40ss@127.0.0.1:${port}/v1/traces?x=1`) };
}

/** An agent with one idle connection. */
async function connectIdle(t: TestContext, url: URL): Promise<Agent> {
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const outgoing = request(url, { agent, method: 'POST' }).end();
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(agent, 'free');
  return agent;
}

const post = (
  agent: Agent,
  url: URL,
  options: { body?: Uint8Array; limitMillis?: number; headers?: Record<string, string> } = {},
) =>
  startPostOnIdle({
    agent,
    url,
    headers: { 'x-key': 'v' },
    body: Buffer.from('12345'),
    limitMillis: 10_000,
    ...options,
  });

suite('a post on an idle connection', () => {
  test('is a request like any other, and its answer is waited for', async (t) => {
    const { worker, url } = await startReceiver(t, 'setTimeout(() => response.end("{}"), 50);');
    const agent = await connectIdle(t, url);
    const seen = once(worker, 'message');
    assert.deepEqual(post(agent, url)?.(), { taken: true });
    const [{ size, method, url: path, headers }] = (await seen) as [
      Record<string, unknown> & { headers: Record<string, string> },
    ];
    assert.deepEqual([size, method, path], [5, 'POST', '/v1/traces?x=1']);
    assert.equal(headers['x-key'], 'v');
    assert.equal(headers['authorization'], `Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  test('arrives whole when it is bigger than what the system takes at once', async (t) => {
    const { worker, url } = await startReceiver(t, 'response.end();');
    const agent = await connectIdle(t, url);
    const seen = once(worker, 'message');
    assert.deepEqual(post(agent, url, { body: Buffer.alloc(8_000_000) })?.(), { taken: true });
    assert.equal(((await seen) as [{ size: number }])[0].size, 8_000_000);
  });

  for (const [status, again] of [
    [400, false],
    [503, true],
  ] as const) {
    test(`tells of ${status}`, async (t) => {
      const { url } = await startReceiver(t, `response.writeHead(${status}).end();`);
      const agent = await connectIdle(t, url);
      assert.deepEqual(post(agent, url)?.(), { taken: false, reason: `HTTP status ${status}`, again, unread: !again });
    });
  }

  test('looks past 100 Continue and its kin', async (t) => {
    const { url } = await startReceiver(t, 'response.writeProcessing(); response.end();');
    const agent = await connectIdle(t, url);
    assert.deepEqual(post(agent, url)?.(), { taken: true });
  });

  test('waits no longer than it may', async (t) => {
    const { url } = await startReceiver(t, '');
    const agent = await connectIdle(t, url);
    const result = post(agent, url, { limitMillis: 50 })?.();
    assert.deepEqual(result, { taken: false, reason: 'no answer within 50 ms of leaving', again: true });
  });

  test('has no answer where the receiver closed the connection', async (t) => {
    const sockets: Socket[] = [];
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
    const server = createNetServer((socket) => {
      sockets.push(socket);
      socket.once('data', () => socket.write(answer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const agent = await connectIdle(t, url);
    for (const socket of sockets) socket.resetAndDestroy();
    // This thread has not looked since: for it the connection is still open.
    assert.equal(post(agent, url)?.(), undefined);
  });

  test('is none without such a connection, nor with a header that would end early', async (t) => {
    const url = new URL('http://127.0.0.1:1/');
    assert.equal(post(new Agent(), url), undefined);
    const { url: open } = await startReceiver(t, 'response.end();');
    const agent = await connectIdle(t, open);
    assert.equal(post(agent, open, { headers: { 'x-key': 'a\r\nx-evil: b' } }), undefined);
  });
});
