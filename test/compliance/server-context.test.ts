import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { suite, test } from 'node:test';
import { casesOf } from '../support/every-case.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { exchange, rawGet } from '../integration/traced.ts';
import { closed, head, open, printed, startServer } from './server.ts';

// Without AsyncContextFrame, as on Node 22, contexts are bound to the resources of async_hooks.
const kinds = process.allowedNodeEnvironmentFlags.has('--no-async-context-frame')
  ? [[], ['--no-async-context-frame']]
  : [[]];

/** Makes a child span, named after its place and the request's target, in every place where an application may be called. */
const EVERYWHERE = `
  const { AsyncResource } = require('node:async_hooks');
  const handle = (request, response) => {
    const mark = (place) => child(place + ' ' + request.url);
    mark('handler');
    for (const name of ['finish', 'close']) response.on(name, () => mark('response ' + name));
    for (const name of ['data', 'end', 'close', 'aborted', 'error']) request.on(name, () => mark('request ' + name));
    response.on('error', () => mark('response error'));
    const wait = Number(new URL(request.url, 'http://h').searchParams.get('wait'));
    process.nextTick(() => mark('tick'));
    queueMicrotask(() => mark('microtask'));
    fs.stat('.', () => mark('fs'));
    if (request.url.startsWith('/hang')) return console.log(request.url);
    setTimeout(async () => {
      mark('timer');
      await sleep(1);
      mark('await');
      response.write('a');
      setImmediate(() => { mark('immediate'); response.end('b'); });
    }, wait);
  };
  listen(http.createServer(handle));`;

/** Of each child, that its parent is the span of the target that it names; returns the places that were seen, by target. */
function placesOf(spans: readonly ReceivedSpan[]): Map<string, string[]> {
  const targets = new Map(
    spans
      .filter(({ kind }) => kind === 'SERVER')
      .map(({ spanId, attributes }) => [
        spanId,
        `${String(attributes['url.path'])}?${String(attributes['url.query'])}`,
      ]),
  );
  const places = new Map<string, string[]>();
  for (const { kind, name, parentSpanId } of spans) {
    if (kind === 'SERVER') continue;
    const at = name.lastIndexOf(' ');
    const target = name.slice(at + 1);
    assert.equal(targets.get(parentSpanId), target, name);
    places.set(target, [...(places.get(target) ?? []), name.slice(0, at)].toSorted());
  }
  return places;
}

const ALWAYS = [
  'await',
  'fs',
  'handler',
  'immediate',
  'microtask',
  'request close',
  'request end',
  'response close',
  'response finish',
  'tick',
  'timer',
];
const WITH_BODY = [...ALWAYS, 'request data'].toSorted();

for (const flags of casesOf(kinds, 1))
  suite(`each child has its own parent ${flags.join()}`, { concurrency: 2, timeout: 240_000 }, () => {
    test('in every place, of pipelined requests that end in another order than they came', async (t) => {
      const { sink, port } = await startServer(t, EVERYWHERE, { flags });
      const requests = [
        rawGet('/a?wait=30', '', false),
        head('POST /b?wait=1', 'Content-Length: 4') + 'body',
        rawGet('/c?wait=15', '', false),
        head('POST /d?wait=1', 'Transfer-Encoding: chunked') + '4\r\nbody\r\n0\r\n\r\n',
        rawGet('/e?wait=1'),
      ];
      const answer = await exchange(port, requests.join(''));
      assert.equal(answer.match(/200 OK/g)?.length, 5);
      const places = placesOf(await sink.waitForSpans(5 + 3 * ALWAYS.length + 2 * WITH_BODY.length));
      assert.deepEqual(Object.fromEntries(places), {
        '/a?wait=30': ALWAYS,
        '/b?wait=1': WITH_BODY,
        '/c?wait=15': ALWAYS,
        '/d?wait=1': WITH_BODY,
        '/e?wait=1': ALWAYS,
      });
    });

    test('none where a request is ignored, also when it is pipelined behind one that is not', async (t) => {
      const { sink, port } = await startServer(t, EVERYWHERE, { flags, env: { TRACING_IGNORE_URLS: '/ignored' } });
      await exchange(
        port,
        rawGet('/a?wait=20', '', false) + rawGet('/ignored?wait=1', '', false) + rawGet('/b?wait=1'),
      );
      const places = placesOf(await sink.waitForSpans(2 + 2 * ALWAYS.length));
      assert.deepEqual(Object.fromEntries(places), { '/a?wait=20': ALWAYS, '/b?wait=1': ALWAYS });
    });

    test('of a client that goes away, in the events that tell of it', async (t) => {
      const { sink, port, program } = await startServer(t, EVERYWHERE, { flags });
      for (const [path, text] of [
        ['/hang?n=1', rawGet('/hang?n=1')],
        ['/hang?n=2', head('POST /hang?n=2', 'Content-Length: 10') + 'body'],
      ] as const) {
        const socket = open(t, port, text);
        await printed(program, (all) => all.includes(path));
        socket.resetAndDestroy();
        await closed(socket);
      }
      const both = ['fs', 'handler', 'microtask', 'request close', 'response close', 'tick'];
      const whole = [...both, 'request end'].toSorted();
      const broken = [...both, 'request aborted', 'request data', 'request error'].toSorted();
      const places = placesOf(await sink.waitForSpans(2 + whole.length + broken.length));
      assert.deepEqual(Object.fromEntries(places), { '/hang?n=1': whole, '/hang?n=2': broken });
    });

    test('of a thousand interleaved keep-alive requests, half of them with bodies', async (t) => {
      const { sink, port } = await startServer(t, EVERYWHERE, { flags, env: { OTEL_BSP_SCHEDULE_DELAY: '200' } });
      const agent = new Agent({ keepAlive: true, maxSockets: 25 });
      t.after(() => agent.destroy());
      const count = 1000;
      await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const method = index % 2 === 0 ? 'GET' : 'POST';
          const call = request({ host: '127.0.0.1', port, agent, method, path: `/n?wait=${index % 7}&n=${index}` });
          call.end(method === 'POST' ? 'body' : undefined);
          const [response] = await once(call, 'response');
          await once(response.resume(), 'end');
        }),
      );
      const places = placesOf(
        await sink.waitForSpans(count + (count / 2) * (ALWAYS.length + WITH_BODY.length), 30_000),
      );
      assert.equal(places.size, count);
      for (const [target, seen] of places)
        assert.deepEqual(seen, Number(/n=(\d+)$/.exec(target)?.[1]) % 2 === 0 ? ALWAYS : WITH_BODY, target);
    });
  });
