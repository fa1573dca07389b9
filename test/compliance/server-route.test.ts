import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exchange, rawGet } from '../integration/traced.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { createProject } from '../config/project.ts';
import { startServer } from './server.ts';

const { folder } = createProject({
  '.tracingrc': 'url: { rules: [{ match: { path: "/rule/*" }, name: "/rule/:n" }] }',
});
const configFile = join(folder, '.tracingrc');

suite('the route of a server span', { concurrency: 3, timeout: 240_000 }, () => {
  test('is what somebody set on it or wrote into the RPC metadata, and its name says so', async (t) => {
    const { sink, port } = await startServer(
      t,
      `const { getRPCMetadata, RPCType } = require('@opentelemetry/core');
       const set = (name, value) => trace.getActiveSpan().setAttribute(name, value);
       const rpc = () => getRPCMetadata(context.active());
       const ways = {
         '/attribute': () => set('http.route', '/a/:id'),
         '/rpc': () => { rpc().route = '/r/:id'; console.log(rpc().type === RPCType.HTTP, rpc().span === trace.getActiveSpan()); },
         '/both': () => { set('http.route', '/first'); rpc().route = '/second'; },
         '/named': () => { set('http.route', '/n/:id'); trace.getActiveSpan().updateName('my name'); },
         '/later': async () => { await sleep(1); trace.getTracer('app').startActiveSpan('inner', (span) => { rpc().route = '/l/:id'; span.end(); }); },
         '/strange': () => { rpc().route = { toString: () => '/s' }; },
         '/empty': () => { rpc().route = ''; },
         '/secret': () => { rpc().route = '/x?token=secret-value'; },
         '/rule/7': () => { rpc().route = '/framework/:id'; },
         '/none': () => {},
       };
       listen(http.createServer(async (request, response) => {
         await ways[request.url]();
         response.end();
       }));`,
      { env: { TRACING_CONFIG: configFile } },
    );
    const paths = [
      '/attribute',
      '/rpc',
      '/both',
      '/named',
      '/later',
      '/strange',
      '/empty',
      '/secret',
      '/rule/7',
      '/none',
    ];
    for (const path of paths) await exchange(port, rawGet(path));
    await exchange(port, rawGet('/rpc').replace('GET', 'PURGE'));
    assertTrees(
      await sink.waitForSpans(paths.length + 2),
      `
      SERVER GET /a/:id 200 http.route=/a/:id
      SERVER GET /r/:id 200 http.route=/r/:id
      SERVER GET /first 200 http.route=/first
      SERVER my name 200 http.route=/n/:id
      SERVER GET /l/:id 200 http.route=/l/:id
        INTERNAL inner
      SERVER GET 200
      SERVER GET 200
      SERVER GET /x?token=REDACTED 200 http.route=/x?token=REDACTED
      SERVER GET /rule/:n 200 http.route=/rule/:n
      SERVER GET 200
      SERVER HTTP /r/:id 200 http.route=/r/:id
      `,
      { attributes: ['http.route'] },
    );
    assert.doesNotMatch(sink.rawText(), /secret-value/);
  });

  test('is on a request that did not end well, too, and on an upgrade', async (t) => {
    const { sink, port } = await startServer(
      t,
      `const { getRPCMetadata } = require('@opentelemetry/core');
       const server = http.createServer((request, response) => {
         getRPCMetadata(context.active()).route = '/cut';
         response.destroy();
       });
       server.on('upgrade', (request, socket) => {
         getRPCMetadata(context.active()).route = '/chat/:room';
         socket.end('HTTP/1.1 101 Yes\\r\\n\\r\\n');
       });
       listen(server);`,
    );
    await exchange(port, rawGet('/'));
    await exchange(port, rawGet('/', 'Upgrade: x\r\nConnection: upgrade\r\n', false));
    assertTrees(await sink.waitForSpans(2), 'SERVER GET /cut destroyed ERROR\nSERVER GET /chat/:room 101');
  });
});
