import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { readSentHeaders } from '../../src/hooks/sent-headers.ts';

async function read(respond: (response: ServerResponse) => void): Promise<Record<string, unknown>> {
  let read: Record<string, unknown> = {};
  const server = createServer((_request, response) => {
    response.sendDate = false;
    respond(response);
    read = { ...readSentHeaders(response) };
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
  response.resume();
  await once(response, 'end');
  server.close();
  return read;
}

suite('the headers of a response as they were sent', () => {
  test('are those given to writeHead alone', async () => {
    const headers = await read((response) => response.writeHead(302, { Location: '/a: b', 'X-Shop': 'one' }));
    assert.deepEqual([headers['location'], headers['x-shop']], [['/a: b'], ['one']]);
  });

  test('are those given as a list, repeated ones in order', async () => {
    const headers = await read((response) => response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']));
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  });

  test('are those that were set, while nothing is sent', async () => {
    const headers = await read((response) => response.setHeader('X-Shop', ['one', 'two']));
    assert.deepEqual(headers, { 'x-shop': ['one', 'two'] });
  });
});
