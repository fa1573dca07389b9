import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { suite, test, before, after } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { TraceList } from '../../src/viewer/model.ts';
import type { Viewer } from '../../src/viewer/start-viewer.ts';
import { ask, hex, startTestViewer, toOtlp } from './spans.ts';

let viewer: Viewer;
before(async () => void (viewer = await startTestViewer()));
after(() => viewer[Symbol.dispose]());

const list = async (query = ''): Promise<TraceList> =>
  (await (await ask(viewer, `/api/traces?query=${encodeURIComponent(query)}`)).json()) as TraceList;

const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${viewer.url}${path}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-type': 'application/json', ...headers },
  });

/** Field with a length: number, bytes. */
const field = (number: number, body: Buffer | string): Buffer => {
  const bytes = Buffer.from(body);
  assert.ok(bytes.length < 16_384);
  return Buffer.concat([Buffer.from([(number << 3) | 2, (bytes.length & 0x7f) | 0x80, bytes.length >> 7]), bytes]);
};
/** As a client in another language writes it: an ExportTraceServiceRequest with one span of service `go`. */
const toProtobuf = (trace: number, name: string | Buffer): Buffer => {
  const time = Buffer.alloc(9);
  time[0] = (7 << 3) | 1;
  time.writeBigUInt64LE(1_760_000_000_000_000_000n, 1);
  const attribute = Buffer.concat([
    field(1, 'retries'),
    field(2, Buffer.from([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])),
  ]);
  const span = Buffer.concat([
    field(1, Buffer.from(hex(trace, 32), 'hex')),
    field(2, Buffer.from(hex(1, 16), 'hex')),
    field(5, name),
    Buffer.from([0x30, 2]),
    time,
    field(9, attribute),
    Buffer.from([0xfa, 0x07, 0x01, 0x78]),
  ]);
  const service = Buffer.concat([field(1, 'service.name'), field(2, field(1, 'go'))]);
  return field(1, Buffer.concat([field(1, field(1, service)), field(2, field(2, span))]));
};

/** One gRPC call; resolves with its status and message. */
async function call(
  path: string,
  frame: Buffer,
  headers: Record<string, string> = {},
): Promise<readonly [string, string]> {
  const session = connectHttp2(viewer.url);
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let seen: Record<string, unknown> = { 'grpc-message': '' };
  stream.on('response', (answer) => (seen = { ...seen, ...answer }));
  stream.on('trailers', (trailers) => (seen = { ...seen, ...trailers }));
  stream.resume().end(frame);
  await once(stream, 'close');
  session.close();
  return [String(seen['grpc-status']), decodeURIComponent(String(seen['grpc-message']))];
}
const toFrame = (message: Buffer, flag = 0): Buffer => {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

suite('the receiver', () => {
  test('takes JSON, gzip and protobuf over HTTP', async () => {
    const json = JSON.stringify(toOtlp('shop', [{ trace: 0x10, id: 1, name: 'json' }]));
    assert.equal(await (await post('/v1/traces', json)).text(), '{}');
    const packed = gzipSync(JSON.stringify(toOtlp('shop', [{ trace: 0x11, id: 1, name: 'gzip' }])));
    assert.equal((await post('/v1/traces', packed, { 'content-encoding': 'gzip' })).status, 200);
    const answer = await post('/v1/traces', toProtobuf(0x12, 'protobuf'), { 'content-type': 'application/x-protobuf' });
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), await answer.text()],
      [200, 'application/x-protobuf', ''],
    );
    assert.deepEqual((await list('name=json or name=gzip or name=protobuf')).matched, 3);
    assert.equal((await list('service=go kind=server retries=-1')).traces[0]?.name, 'protobuf');
  });

  test('takes gRPC on the same port, packed too', async () => {
    assert.deepEqual(await call(EXPORT, toFrame(toProtobuf(0x20, 'grpc'))), ['0', '']);
    const packed = toFrame(gzipSync(toProtobuf(0x21, 'grpc packed')), 1);
    assert.deepEqual(await call(EXPORT, packed, { 'grpc-encoding': 'gzip' }), ['0', '']);
    assert.equal((await list('name=grpc*')).matched, 2);
  });

  test('says over gRPC what is wrong', async () => {
    assert.equal((await call('/no.Such/Service', toFrame(Buffer.alloc(0))))[0], '12');
    assert.equal((await call(EXPORT, toFrame(Buffer.from([0xff]))))[0], '3');
    assert.equal((await call(EXPORT, Buffer.from([0, 0, 0, 0, 9])))[0], '3');
    assert.equal((await call(EXPORT, toFrame(Buffer.alloc(0)), { ':authority': 'evil.example' }))[0], '7');
  });

  test('takes metrics and lets them go', async () => {
    assert.equal((await post('/v1/metrics', '{}')).status, 200);
  });

  test('keeps logs beside their spans', async () => {
    await post(
      '/v1/logs',
      JSON.stringify({ resourceLogs: toOtlp('shop', [], [{ trace: 0x30, span: 1, body: 'hello' }]).resourceLogs }),
    );
    assert.equal((await list(`trace=${hex(0x30, 32)}`)).matched, 0);
    await post('/v1/traces', JSON.stringify(toOtlp('shop', [{ trace: 0x30, id: 1 }])));
    assert.equal((await list('log~hello')).traces[0]?.logs, 1);
  });

  test('says what it refused of a request that it took', async () => {
    const body = toOtlp('shop', [
      { trace: 0, id: 1 },
      { trace: 0x40, id: 1 },
    ]);
    const answer = await post('/v1/traces', JSON.stringify(body));
    assert.deepEqual(await answer.json(), {
      partialSuccess: { rejectedSpans: '1', errorMessage: 'a trace id or a span id is missing or malformed' },
    });
  });

  test('stays whole when names are no UTF-8, values are huge and messages are nested', async () => {
    const type = { 'content-type': 'application/x-protobuf' };
    assert.equal((await post('/v1/traces', toProtobuf(0x50, Buffer.from([0xff, 0xfe, 0x41])), type)).status, 200);
    assert.equal((await list(`trace=${hex(0x50, 32)}`)).traces[0]?.name, '\ufffd\ufffdA');
    let deep = field(1, 'x');
    for (let depth = 0; depth < 2_000; depth++) deep = field(5, field(1, deep));
    const whole = field(1, field(1, field(1, field(2, deep))));
    assert.equal((await post('/v1/traces', whole, type)).status, 400);
    assert.equal((await post('/v1/traces', '['.repeat(1_000_000))).status, 400);
  });

  for (const [what, path, body, headers, status] of [
    ['another type', '/v1/traces', '<x/>', { 'content-type': 'text/xml' }, 415],
    ['another packing', '/v1/traces', '{}', { 'content-encoding': 'rot13' }, 415],
    ['a broken packing', '/v1/traces', '{}', { 'content-encoding': 'gzip' }, 400],
    ['half a message', '/v1/traces', Buffer.from([0x0a, 0x7f]), { 'content-type': 'application/x-protobuf' }, 400],
    ['no JSON', '/v1/traces', '{', {}, 400],
    [
      'what grows too large',
      '/v1/traces',
      gzipSync(Buffer.alloc(40 * 1024 * 1024)),
      { 'content-encoding': 'gzip' },
      413,
    ],
    ['what is too large', '/v1/traces', Buffer.alloc(33 * 1024 * 1024), {}, 413],
  ] as const) {
    test(`${what} is answered with ${status}`, async () => {
      // A body that is too long is answered before it is read: the connection may break while it is sent.
      const answer = await post(path, body, headers).catch(() => undefined);
      assert.ok(answer === undefined ? status === 413 : answer.status === status);
    });
  }
});

/** A request with headers that fetch would not send. */
function send(method: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${viewer.url}${path}`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('error', reject).end();
  });
}

suite('who may', () => {
  const own = () => ({ authorization: `Bearer ${viewer.token}` });
  const json = { 'content-type': 'application/json' };

  test('a name that is not of this machine is refused everywhere', async () => {
    for (const path of ['/', '/api/traces', '/v1/traces'])
      assert.equal(await send('GET', path, { host: 'evil.example', ...own() }), 403);
    assert.equal(await send('GET', '/api/traces', { host: 'localhost:1', ...own() }), 200);
    assert.equal(await send('GET', '/api/traces', { host: '[::1]', ...own() }), 200);
  });

  test('the API wants the token, and no page of another origin', async () => {
    assert.equal(await send('GET', '/api/traces', {}), 401);
    assert.equal(await send('DELETE', '/api/traces', { authorization: 'Bearer wrong' }), 401);
    assert.equal(await send('GET', '/api/traces', { ...own(), origin: 'http://localhost:3000' }), 403);
    assert.equal(await send('GET', '/api/traces', { ...own(), origin: viewer.url }), 200);
  });

  test('spans come from anywhere on this machine, and from no page elsewhere', async () => {
    assert.equal(await send('POST', '/v1/traces', { ...json, origin: 'https://evil.example' }), 403);
    assert.equal(await send('POST', '/v1/traces', { ...json, origin: 'null' }), 403);
    assert.equal(await send('OPTIONS', '/v1/traces', { origin: 'http://localhost:3000' }), 204);
    assert.equal(await send('GET', '/v1/traces', {}), 405);
  });

  test('bytes that are no HTTP end a connection and nothing else', async () => {
    for (const bytes of ['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'PRI']) {
      const socket = connect(Number(new URL(viewer.url).port), '127.0.0.1');
      socket
        .on('error', () => {})
        .resume()
        .end(bytes);
      // Not `once`, which rejects where the connection is reset.
      await new Promise((resolve) => socket.on('close', resolve));
    }
    assert.equal(await send('GET', '/api/traces', own()), 200);
  });
});

suite('the API', () => {
  test('answers with spans, and forgets everything', async () => {
    await post(
      '/v1/traces',
      JSON.stringify(
        toOtlp('shop', [
          { trace: 0x60, id: 1, name: 'GET /a', attributes: { user: 7 } },
          { trace: 0x60, id: 2, parent: 1 },
        ]),
      ),
    );
    const answer = await ask(viewer, `/api/traces?spans=true&query=${encodeURIComponent('user=7')}`);
    const { traces, matched } = (await answer.json()) as { matched: number; traces: { spans: { name: string }[] }[] };
    assert.deepEqual([matched, traces[0]?.spans.map(({ name }) => name)], [1, ['GET /a', 'work']]);
    assert.equal((await ask(viewer, '/api/traces', { method: 'DELETE' })).status, 200);
    assert.deepEqual((await list()).traces, []);
  });

  test('says at which column a query is wrong', async () => {
    const answer = await ask(viewer, '/api/traces?query=status%3Dno');
    assert.deepEqual(
      [answer.status, await answer.json()],
      [400, { error: { message: 'status is one of unset, ok, error', column: 7 } }],
    );
  });

  test('tells of changes', async () => {
    const { body } = await ask(viewer, '/api/changes');
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    /** What comes next, without the heartbeats between. */
    const next = async (): Promise<string | undefined> => {
      const text = (await reader?.read())?.value?.replaceAll(': still here\n\n', '');
      return text === '' ? next() : text;
    };
    const first = await next();
    await post('/v1/traces', JSON.stringify(toOtlp('shop', [{ trace: 0x70, id: 1 }])));
    assert.match(`${first}${await next()}`, /^data: \d+\n\ndata: \d+\n\n$/);
    await reader?.cancel();
  });

  test('what is saved has no secret in it, whoever sent it', async () => {
    const secret = 'hunter2-hunter2';
    const spans = [
      {
        trace: 0x80,
        id: 1,
        name: `GET /pay?token=${secret}`,
        status: 2,
        message: `no such url: http://x.example/?api_key=${secret}`,
        attributes: {
          'url.full': `https://u:${secret}@x.example/?token=${secret}&page=2`,
          password: secret,
          'http.request.header.authorization': [`Bearer ${secret}`],
          nested: { password: secret },
        },
        events: [{ name: 'exception', attributes: { 'exception.message': `password=${secret}` } }],
      },
    ];
    await post(
      '/v1/traces',
      JSON.stringify(toOtlp('shop', spans, [{ trace: 0x80, span: 1, body: `login with password=${secret}` }])),
    );
    const id = hex(0x80, 32);
    assert.match(await (await ask(viewer, `/api/traces/${id}/raw`)).text(), /hunter2/);
    for (const as of ['otlp', 'markdown', 'text']) {
      const text = await (await ask(viewer, `/api/traces/${id}/${as}`)).text();
      assert.doesNotMatch(text, /hunter2/, as);
      assert.match(text, /REDACTED/, as);
    }
  });
});
