import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, suite, test } from 'node:test';
import { createAgent, createPoster } from '../../../src/exporters/otlp/http-post.ts';

/** A receiver that answers the first request on each connection, and closes the connection when another begins; `answers: 0` answers none. */
async function startReceiver(t: TestContext, { answers }: { readonly answers: 0 | 1 }) {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', () => {
      if (++requests <= answers) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      else socket.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  const agent = createAgent(new URL(url), {}, 1);
  t.after(() => agent.destroy());
  const post = createPoster({ url, headers: {}, timeoutMillis: 10_000, agent });
  return {
    connections: () => connections,
    send: () => post(Buffer.from('batch'), new AbortController().signal).answer,
  };
}

suite('a post', () => {
  test('on a connection that the receiver has closed while it was idle goes on another', async (t) => {
    const { send, connections } = await startReceiver(t, { answers: 1 });
    for (const sent of [1, 2, 3]) {
      assert.equal((await send()).statusCode, 200);
      assert.equal(connections(), sent);
    }
  });

  test('on a new connection that is closed is not repeated', async (t) => {
    const { send, connections } = await startReceiver(t, { answers: 0 });
    await assert.rejects(send(), { code: 'ECONNRESET' });
    assert.equal(connections(), 1);
  });
});
