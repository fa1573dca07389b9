// The `url` section of a configuration, each option with the spans that it leaves of real requests as evidence.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { createProject } from '../config/project.ts';
import { type BackendRequest, certificateFile, startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { exchange, startTraced } from './traced.ts';

type Files = Readonly<Record<string, string>>;
type ClientName = 'http' | 'https' | 'fetch' | 'undici';

interface Call {
  client?: ClientName;
  /** The target at the backend. */
  path: string;
  method?: string;
  headers?: Record<string, string>;
}

/** Makes the calls of CALLS, one after the other. */
const CLIENT_APP = `
import http from 'node:http';
import https from 'node:https';
const { BACKEND, BACKEND_TLS, UNDICI, CALLS } = process.env;
const calls = JSON.parse(CALLS);
const { request } = calls.some(({ client }) => client === 'undici') ? await import(UNDICI) : {};
const byHttp = (module, url, options) => new Promise((resolve, reject) => {
  module.request(url, options, (response) => response.resume().on('end', resolve)).on('error', reject).end();
});
const clients = {
  http: (path, options) => byHttp(http, BACKEND + path, options),
  https: (path, options) => byHttp(https, BACKEND_TLS + path, options),
  fetch: async (path, options) => (await fetch(BACKEND + path, options)).text(),
  undici: async (path, options) => (await request(BACKEND + path, options)).body.text(),
};
for (const { client = 'http', path, ...options } of calls) await clients[client](path, options);
`;

/** Makes calls of its own for every request, before and after awaits and timers; and one at the end where it is told a path. */
const SERVER_APP = `
import { createServer, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
const { BACKEND, PLAIN } = process.env;
const byHttp = (url) => new Promise((resolve) => get(url, (response) => response.resume().on('end', resolve)));
const server = createServer(async (request, response) => {
  if (PLAIN !== '1') {
    await setTimeout(2);
    await (await fetch(BACKEND + '/by-fetch')).text();
    await trace.getTracer('shop').startActiveSpan('own', async (span) => {
      await byHttp(BACKEND + '/by-http');
      span.end();
    });
    globalThis.setTimeout(async () => { await byHttp(BACKEND + '/by-timer'); response.end('served ' + request.url); }, 2);
  } else response.end('served ' + request.url);
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('message', async ({ path }) => {
  if (path !== undefined) await byHttp(BACKEND + path);
  server.close();
  process.disconnect();
});
`;

interface Recorded {
  spans: ReceivedSpan[];
  stderr: string;
  /** What reached the backends. */
  requests: BackendRequest[];
  /** The backend's address, as drawTrees replaces it. */
  replace: Record<string, string>;
}

const toFiles = (config: Files | string): Files =>
  typeof config !== 'string' ? config : config === '' ? {} : { '.tracingrc': config };
const API = import.meta.resolve('@opentelemetry/api');

async function recordCalls(t: TestContext, config: Files | string, calls: Call[], env: Files = {}): Promise<Recorded> {
  const [sink, backend, secure] = await Promise.all([
    closeAfter(t, startSink()),
    closeAfter(t, startBackend()),
    closeAfter(t, startBackend({ tls: true })),
  ]);
  const { folder } = createProject({ 'app.mjs': CLIENT_APP, ...toFiles(config) });
  const exit = await runProgram({
    program: join(folder, 'app.mjs'),
    cwd: folder,
    flags: patientFlags,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      NODE_EXTRA_CA_CERTS: certificateFile,
      BACKEND: backend.url,
      BACKEND_TLS: secure.url,
      UNDICI: import.meta.resolve('undici'),
      CALLS: JSON.stringify(calls),
      ...env,
    },
  });
  assert.equal(exit.code, 0, exit.stderr);
  return {
    spans: sink.spans,
    stderr: exit.stderr,
    requests: [...backend.requests, ...secure.requests],
    replace: { [backend.url]: '<backend>', [secure.url]: '<secure>' },
  };
}

interface Serving {
  env?: Files;
  /** Lines of the request's head. */
  headers?: string;
  method?: string;
  /** Whether the server makes calls of its own. */
  calls?: boolean;
  /** What the program calls itself when all are served. */
  path?: string;
}

async function recordServer(
  t: TestContext,
  config: Files | string,
  targets: string[],
  serving: Serving = {},
): Promise<Recorded> {
  const { env = {}, headers = '', method = 'GET', calls = false, path } = serving;
  const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend())]);
  const { folder } = createProject({
    'app.mjs': SERVER_APP.replace("'@opentelemetry/api'", `'${API}'`),
    ...toFiles(config),
  });
  const program = await startTraced(t, {
    program: join(folder, 'app.mjs'),
    cwd: folder,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, BACKEND: backend.url, PLAIN: calls ? '0' : '1', ...env },
  });
  for (const target of targets) {
    const request = `${method} ${target} HTTP/1.1\r\nHost: shop.example\r\n${headers}Connection: close\r\n\r\n`;
    assert.match(await exchange(program.port, request), /^HTTP\/1.1 200/);
  }
  program.send(path === undefined ? {} : { path });
  const { stderr } = await program.exited;
  return { spans: sink.spans, stderr, requests: backend.requests, replace: { [backend.url]: '<backend>' } };
}

/** What is recorded of a target that one program calls and serves: path and query. */
async function asBoth(
  t: TestContext,
  config: Files | string,
  target: string,
  env: Files = {},
): Promise<{ client: string; server: string }> {
  const { spans, requests, stderr } = await recordServer(t, config, [target], { env, path: target });
  assert.equal(stderr, '');
  assert.equal(requests[0]?.url, target);
  assert.deepEqual(spans.map(({ kind }) => kind).toSorted(), ['CLIENT', 'SERVER']);
  const of = (kind: string) => spans.find((span) => span.kind === kind)?.attributes ?? {};
  const { 'url.path': path, 'url.query': query } = of('SERVER');
  return {
    client: String(of('CLIENT')['url.full']).replace(/^http:\/\/[^/]*/, ''),
    server: [path, query].filter((part) => typeof part === 'string').join('?'),
  };
}

/** In two pieces, so that secret scanners do not take the fake for a real one. */
const AWS_KEY = ['AK', 'IACH4NVNNOQVSRDFDU'].join('');

const together = { concurrency: 6 };

suite('url.redact and url.query hide the same of what is sent and of what is received:', together, () => {
  const cardNumber = '4000-1234-5678-9010';
  const cases: ReadonlyArray<
    readonly [title: string, config: Files | string, given: string, recorded: string, env?: Files]
  > = [
    [
      'keys add names',
      'url: { redact: { keys: [order_ref] } }',
      '/x?orderRef=a&token=b&page=2',
      '/x?orderRef=REDACTED&token=REDACTED&page=2',
    ],
    [
      'keys after = replace the built-in names, and values of a known shape stay hidden',
      "url: { redact: { keys: ['=order_ref'] } }",
      `/x?order_ref=a&token=b&v=${AWS_KEY}`,
      '/x?order_ref=REDACTED&token=b&v=REDACTED',
    ],
    [
      'a key after - allows one name',
      'url: { redact: { keys: [-session, order_ref] } }',
      '/x?session=a&order_ref=b&token=c',
      '/x?session=a&order_ref=REDACTED&token=REDACTED',
    ],
    [
      'LOGFIRE_URL_REDACT_KEYS adds names',
      '',
      '/x?order_ref=a&lane=b&token=c&page=2',
      '/x?order_ref=REDACTED&lane=REDACTED&token=REDACTED&page=2',
      { LOGFIRE_URL_REDACT_KEYS: 'order_ref, lane' },
    ],
    [
      'LOGFIRE_URL_REDACT_KEYS wins over the file',
      'url: { redact: { keys: [order_ref] } }',
      '/x?order_ref=a&lane=b',
      '/x?order_ref=a&lane=REDACTED',
      { LOGFIRE_URL_REDACT_KEYS: 'lane' },
    ],
    [
      'LOGFIRE_URL_REDACT_KEYS after = replaces the built-in names',
      '',
      '/x?lane=b&token=c',
      '/x?lane=REDACTED&token=c',
      { LOGFIRE_URL_REDACT_KEYS: '=lane' },
    ],
    [
      'allow lets a name stay',
      'url: { redact: { allow: [username] } }',
      '/x?userName=bob&token=b',
      '/x?userName=bob&token=REDACTED',
    ],
    [
      'paths hide their named groups',
      'url: { redact: { paths: ["/invite/:code", "/u/:id/k/*"] } }',
      '/invite/bob?page=2',
      '/invite/REDACTED?page=2',
    ],
    [
      'values hide what an expression finds, in path and query',
      "url: { redact: { values: ['/\\d{4}(-\\d{4}){3}/'] } }",
      `/card/${cardNumber}?a=${cardNumber}&b=${encodeURIComponent(cardNumber).replaceAll('4', '%34')}`,
      '/card/REDACTED?a=REDACTED&b=REDACTED',
    ],
    [
      'values may be written with flags',
      "url: { redact: { values: ['/ACME-[a-z]+/gi'] } }",
      '/x?a=acme-secret&b=2',
      '/x?a=REDACTED&b=2',
    ],
    [
      'marker is what stands there',
      "url: { redact: { marker: '*****' } }",
      '/x?token=a&page=2',
      '/x?token=*****&page=2',
    ],
    ['TRACING_REDACT_MARKER too', '', '/x?token=a', '/x?token=[hidden]', { TRACING_REDACT_MARKER: '[hidden]' }],
    ['query: drop leaves no query', 'url: { query: drop }', '/x?token=a&page=2', '/x'],
    ['query: names leaves the names', 'url: { query: names }', '/x?page=2&q=&flag', '/x?page=REDACTED&q=&flag'],
    ['TRACING_URL_QUERY too', '', '/x?page=2', '/x', { TRACING_URL_QUERY: 'drop' }],
  ];
  for (const [title, config, given, recorded, env] of cases) {
    test(title, async (t) => {
      assert.deepEqual(await asBoth(t, config, given, env), { client: recorded, server: recorded });
    });
  }
});

suite('url.filter', together, () => {
  const FILTER =
    "(url, { direction, method }) => `${url.origin}/${direction}/${method}${url.pathname}?token=a&page=${url.searchParams.get('page')}`";
  const RECORDED = (direction: string): string => `/${direction}/GET/x?token=REDACTED&page=2`;

  for (const [title, files] of [
    ['in a JavaScript config', { 'tracing.config.mjs': `export default { url: { filter: ${FILTER} } };` }],
    ['in a CommonJS config', { '.tracingrc.cjs': `module.exports = { url: { filter: ${FILTER} } };` }],
    [
      'in a module that the file names',
      { '.tracingrc': 'url: { filter: ./lib/f.mjs }', 'lib/f.mjs': `export default ${FILTER};` },
    ],
    [
      'in a TypeScript module that the file names',
      {
        '.tracingrc': 'url: { filter: lib/f.ts }',
        'lib/f.ts': `export const urlFilter = ${FILTER.replace('url,', 'url: URL,').replace('method }', 'method }: { direction: string; method: string }')};`,
        'package.json': '{"type":"module"}',
      },
    ],
  ] as const) {
    test(`${title} gets the real URL, and its result is redacted`, async (t) => {
      assert.deepEqual(await asBoth(t, files, '/x?page=2&secret=b'), {
        client: RECORDED('client'),
        server: RECORDED('server'),
      });
    });
  }

  const url = '/x?page=2&secret=hunter2';
  for (const [title, filter] of [
    ['throws', "() => { throw new Error('hunter2'); }"],
    ['is async', '(url) => Promise.resolve(url)'],
    ['rejects', "() => Promise.reject(new Error('hunter2'))"],
    ['returns no URL', "() => 'hunter2'"],
  ] as const) {
    test(`that ${title} hides all but the origin, is reported once, and leaves the requests alone`, async (t) => {
      const files = { 'tracing.config.mjs': `export default { url: { filter: ${filter} } };` };
      const calls: Call[] = (['http', 'https', 'fetch', 'undici'] as const).map((client) => ({ client, path: url }));
      const [client, server] = await Promise.all([recordCalls(t, files, calls), recordServer(t, files, [url, url])]);
      assertTrees(
        client.spans,
        `
        CLIENT GET 200 url.full=<backend>/REDACTED
        CLIENT GET 200 url.full=<secure>/REDACTED
        CLIENT GET 200 url.full=<backend>/REDACTED
        CLIENT GET 200 url.full=<backend>/REDACTED
        `,
        { attributes: ['url.full'], replace: client.replace },
      );
      assertTrees(server.spans, 'SERVER GET 200 url.path=/REDACTED\nSERVER GET 200 url.path=/REDACTED', {
        attributes: ['url.path', 'url.query'],
      });
      assert.deepEqual(
        client.requests.map((request) => request.url),
        [url, url, url, url],
      );
      for (const { stderr } of [client, server]) {
        assert.match(stderr, /^tracing: url\.filter [^\n]*\n$/);
        assert.doesNotMatch(stderr, /hunter2/);
      }
    });
  }

  test('that changes the URL it gets changes nothing of the request', async (t) => {
    const files = {
      '.tracingrc.mjs':
        "export default { url: { filter: (url) => { url.host = 'other.example'; url.pathname = '/y'; return url; } } };",
    };
    const { spans, requests } = await recordCalls(t, files, [{ path: '/x' }, { path: '/x', client: 'fetch' }]);
    assertTrees(
      spans,
      'CLIENT GET 200 url.full=http://other.example:…/y\nCLIENT GET 200 url.full=http://other.example:…/y',
      { attributes: ['url.full'] },
    );
    assert.deepEqual(
      requests.map((request) => request.url),
      ['/x', '/x'],
    );
  });

  test('in a module that is missing hides every URL', async (t) => {
    const { spans, stderr } = await recordCalls(t, 'url: { filter: ./none.cjs }', [{ path: '/x?page=2' }]);
    assertTrees(spans, 'CLIENT GET 200 url.full=http://127.0.0.1:<port>/REDACTED', { attributes: ['url.full'] });
    assert.match(stderr, /url\.filter: the module cannot be loaded/);
  });
});

const EVERY_CLIENT: readonly ClientName[] = ['http', 'https', 'fetch', 'undici'];

suite('url.ignore', together, () => {
  const rows: ReadonlyArray<readonly [config: string, path: string]> = [
    ['ignore: [/health]', '/health?full=1'],
    ["ignore: ['/static/*']", '/static/app.css'],
    ['ignore: [/users/:id]', '/users/7'],
    ["ignore: ['GET /health']", '/health'],
    ["ignore: ['/^/health(z|/live)?$/']", '/healthz'],
    ["ignore: ['/HEALTH/i']", '/health'],
    ["ignore: [{ path: '/health', method: GET }]", '/health'],
    ["ignore: [{ header: { user-agent: 'kube-probe/*' } }]", '/x'],
    ["ignore: [{ query: { probe: '1' } }]", '/x?probe=1'],
    ['rules: [{ match: /health, ignore: true }]', '/health'],
  ];
  for (const [section, path] of rows) {
    test(`${section} silences every client and the server, and nothing else`, async (t) => {
      const config = `url: { ${section} }`;
      const headers = { 'user-agent': 'kube-probe/1.30' };
      const [client, server] = await Promise.all([
        recordCalls(t, config, [
          ...EVERY_CLIENT.map((client) => ({ client, path, headers })),
          ...EVERY_CLIENT.map((client) => ({ client, path: '/other' })),
        ]),
        recordServer(t, config, [path], { headers: 'User-Agent: kube-probe/1.30\r\n' }),
      ]);
      assertTrees(
        client.spans,
        `
        CLIENT GET 200 url.full=<backend>/other
        CLIENT GET 200 url.full=<secure>/other
        CLIENT GET 200 url.full=<backend>/other
        CLIENT GET 200 url.full=<backend>/other
        `,
        { attributes: ['url.full'], replace: client.replace },
      );
      assert.equal(client.requests.length, 8);
      assertTrees(server.spans, '');
      assert.equal(client.stderr + server.stderr, '');
    });
  }

  test('by the whole URL silences that host only', async (t) => {
    const config = "url: { ignore: ['https://127.0.0.1:*/*'] }";
    const { spans, replace } = await recordCalls(
      t,
      config,
      EVERY_CLIENT.map((client) => ({ client, path: '/x' })),
    );
    assertTrees(
      spans,
      'CLIENT GET 200 url.full=<backend>/x\nCLIENT GET 200 url.full=<backend>/x\nCLIENT GET 200 url.full=<backend>/x',
      { attributes: ['url.full'], replace },
    );
  });

  for (const variable of ['TRACING_IGNORE_URLS', 'OTEL_NODE_EXCLUDED_URLS']) {
    test(`${variable} ignores too`, async (t) => {
      const { spans } = await recordServer(t, '', ['/health', '/static/x', '/cart'], {
        env: { [variable]: '/health,/static/*' },
      });
      assertTrees(spans, 'SERVER GET 200 url.path=/cart', { attributes: ['url.path'] });
    });
  }

  test('of a server request silences all that it does, across awaits, timers, fetch and http', async (t) => {
    const targets = ['/health', '/cart', '/health'];
    const { spans, requests, replace } = await recordServer(t, 'url: { ignore: [/health] }', targets, { calls: true });
    assertTrees(
      spans,
      `
      SERVER GET 200 url.path=/cart
        CLIENT GET 200 url.full=<backend>/by-fetch
        INTERNAL own
          CLIENT GET 200 url.full=<backend>/by-http
        CLIENT GET 200 url.full=<backend>/by-timer
      `,
      { attributes: ['url.path', 'url.full'], replace },
    );
    assert.equal(requests.length, 9);
    assert.equal(requests.filter(({ headers }) => headers['traceparent'] !== undefined).length, 3);
  });

  test('of one direction leaves the other', async (t) => {
    const config = 'url: { ignore: [{ direction: client, path: /by-http }, { direction: server, path: /by-fetch }] }';
    const { spans, replace } = await recordServer(t, config, ['/by-fetch', '/by-http'], { calls: true });
    assertTrees(
      spans,
      `
      SERVER GET 200 url.path=/by-http
        CLIENT GET 200 url.full=<backend>/by-fetch
        INTERNAL own
        CLIENT GET 200 url.full=<backend>/by-timer
      `,
      { attributes: ['url.path', 'url.full'], replace },
    );
  });
});

suite('url.rules', together, () => {
  const shown = ['url.full', 'url.path', 'url.query', 'url.template', 'http.route'];

  const matches: ReadonlyArray<readonly [match: string, fits: Call, other: Call]> = [
    ['{ method: POST }', { path: '/x', method: 'POST' }, { path: '/x' }],
    ['{ method: [PUT, DELETE] }', { path: '/x', method: 'DELETE' }, { path: '/x', method: 'POST' }],
    ["{ host: 127.0.0.1, path: '/a/*' }", { path: '/a/b' }, { path: '/b/a' }],
    ["{ path: '/^/v\\d/' }", { path: '/v1/a' }, { path: '/x/v1' }],
    ['{ query: debug }', { path: '/x?debug' }, { path: '/x?bug' }],
    ["{ query: { v: '/^[12]$/' } }", { path: '/x?v=2' }, { path: '/x?v=3' }],
    [
      "{ header: { x-tenant: 'acme*' } }",
      { path: '/x', headers: { 'x-tenant': 'acme-eu' } },
      { path: '/x', headers: { 'x-tenant': 'other' } },
    ],
  ];
  for (const [match, fits, other] of matches) {
    test(`match: ${match} decides for every client`, async (t) => {
      const config = `url: { rules: [{ match: ${match}, name: /named }] }`;
      const calls = EVERY_CLIENT.flatMap((client) => [
        { ...fits, client },
        { ...other, client },
      ]);
      const { spans, stderr } = await recordCalls(t, config, calls);
      assert.equal(stderr, '');
      const { method: one = 'GET' } = fits;
      const { method: two = 'GET' } = other;
      assert.deepEqual(
        spans.map(({ name, attributes }) => [name, attributes['url.template']]),
        EVERY_CLIENT.flatMap(() => [
          [`${one} /named`, '/named'],
          [two, undefined],
        ]),
      );
    });
  }

  for (const [match, target, other, serving] of [
    ['{ direction: server }', '/x', undefined, {}],
    ['{ method: POST }', '/x', undefined, { method: 'POST' }],
    ["{ host: 'shop.*' }", '/x', undefined, {}],
    ['{ path: /users/:id }', '/users/7', '/users', {}],
    ['{ query: [a, b] }', '/x?b=1&a=2', '/x?a=2', {}],
    ['{ header: x-tenant }', '/x', undefined, { headers: 'X-Tenant: acme\r\n' }],
  ] as const) {
    test(`match: ${match} decides for a server`, async (t) => {
      const config = `url: { rules: [{ match: ${match}, name: /named }] }`;
      const { spans } = await recordServer(t, config, [target, ...(other === undefined ? [] : [other])], serving);
      const method = 'method' in serving ? serving.method : 'GET';
      assert.deepEqual(
        spans.map(({ name, attributes }) => [name, attributes['http.route']]),
        [[`${method} /named`, '/named'], ...(other === undefined ? [] : [[method, undefined]])],
      );
    });
  }

  test('match of the other direction decides nothing', async (t) => {
    const rule = (direction: string): string =>
      `url: { rules: [{ match: { direction: ${direction} }, name: /named }] }`;
    const [client, server] = await Promise.all([
      recordCalls(t, rule('server'), [{ path: '/x' }, { path: '/x', client: 'undici' }]),
      recordServer(t, rule('client'), ['/x']),
    ]);
    assert.deepEqual(
      client.spans.map(({ name }) => name),
      ['GET', 'GET'],
    );
    assert.deepEqual(
      server.spans.map(({ name }) => name),
      ['GET'],
    );
  });

  test('redact, keep and name act on what they match, in both directions and for every client', async (t) => {
    const config = `
      url:
        rules:
          - match: { path: /pay/:id }
            redact: [order_ref]
            keep: [session]
            name: /pay/:id
          - match: /admin/*
            redact: all`;
    const paths = ['/pay/7?order_ref=a&session=b&token=c', '/admin/81f3c2a9b0/x?page=2', '/x?order_ref=a&session=b'];
    const [client, server] = await Promise.all([
      recordCalls(
        t,
        config,
        EVERY_CLIENT.flatMap((client) => paths.map((path) => ({ client, path }))),
      ),
      recordServer(t, config, paths),
    ]);
    const ofClient = (name: string): string => `
      CLIENT GET /pay/:id 200 url.full=<${name}>/pay/7?order_ref=REDACTED&session=b&token=REDACTED url.template=/pay/:id
      CLIENT GET 200 url.full=<${name}>/admin/REDACTED/x?page=REDACTED
      CLIENT GET 200 url.full=<${name}>/x?order_ref=a&session=REDACTED`;
    assertTrees(client.spans, ['backend', 'secure', 'backend', 'backend'].map(ofClient).join(''), {
      attributes: shown,
      replace: client.replace,
    });
    assertTrees(
      server.spans,
      `
      SERVER GET /pay/:id 200 url.path=/pay/7 url.query=order_ref=REDACTED&session=b&token=REDACTED http.route=/pay/:id
      SERVER GET 200 url.path=/admin/REDACTED/x url.query=page=REDACTED
      SERVER GET 200 url.path=/x url.query=order_ref=a&session=REDACTED
      `,
      { attributes: shown },
    );
    assert.deepEqual(client.requests.map(({ url }) => url).toSorted(), EVERY_CLIENT.flatMap(() => paths).toSorted());
  });

  test('the first match of each kind of action wins', async (t) => {
    const config = `
      url:
        rules:
          - { match: /a/b, name: /a/b }
          - { match: /a/*, name: /a/:any, redact: [lane] }
          - { redact: [order_ref] }`;
    const { spans } = await recordServer(t, config, [
      '/a/b?lane=1&order_ref=2',
      '/a/c?lane=1',
      '/x?lane=1&order_ref=2',
    ]);
    assertTrees(
      spans,
      `
      SERVER GET /a/b 200 url.query=lane=REDACTED&order_ref=2
      SERVER GET /a/:any 200 url.query=lane=REDACTED
      SERVER GET 200 url.query=lane=1&order_ref=REDACTED
      `,
      { attributes: ['url.query'] },
    );
  });

  test('sample: 0 keeps no trace that begins there, with all that is below it; 1 keeps all, whatever the ratio', async (t) => {
    const config = `
      url:
        rules:
          - { match: { direction: server, path: /never }, sample: 0 }
          - { match: { direction: server, path: /always }, sample: 1 }
      sampling: { ratio: 0 }`;
    const { spans, replace } = await recordServer(t, config, ['/never', '/always', '/x'], { calls: true });
    assertTrees(
      spans,
      `
      SERVER GET 200 url.path=/always
        CLIENT GET 200 url.full=<backend>/by-fetch
        INTERNAL own
          CLIENT GET 200 url.full=<backend>/by-http
        CLIENT GET 200 url.full=<backend>/by-timer
      `,
      { attributes: ['url.path', 'url.full'], replace },
    );
  });

  test('sample does not cut a request out of a trace that has begun elsewhere', async (t) => {
    const headers = `traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01\r\n`;
    const { spans } = await recordServer(t, 'url: { rules: [{ sample: 0 }] }', ['/x'], { headers });
    assertTrees(spans, 'SERVER GET 200 (remote parent)');
  });

  test('sample: 0 of a client drops the traces that it begins, for every client', async (t) => {
    const config = 'url: { rules: [{ match: /never, sample: 0 }] }';
    const calls = EVERY_CLIENT.flatMap((client) => [
      { client, path: '/never' },
      { client, path: '/x' },
    ]);
    const { spans, requests } = await recordCalls(t, config, calls);
    assert.equal(requests.length, 8);
    assert.deepEqual(
      spans.map(({ attributes }) => String(attributes['url.full']).replace(/^.*\//, '')),
      ['x', 'x', 'x', 'x'],
    );
  });

  test('capture takes the headers of what it matches, redacted, and of nothing else', async (t) => {
    const config = 'url: { rules: [{ match: /x, capture: true }] }';
    const calls = EVERY_CLIENT.flatMap((client) =>
      ['/x', '/y'].map((path) => ({ client, path, headers: { 'x-tenant': 'acme', authorization: 'Bearer hunter2' } })),
    );
    const { spans } = await recordCalls(t, config, calls);
    assert.deepEqual(
      spans.map(({ attributes }) => [
        attributes['http.request.header.x-tenant'],
        attributes['http.request.header.authorization'],
      ]),
      EVERY_CLIENT.flatMap(() => [
        [['acme'], ['REDACTED']],
        [undefined, undefined],
      ]),
    );
  });
});

suite('a bad url section', together, () => {
  for (const [title, config] of [
    ['that is no object', 'url: hide'],
    ['with an unknown option', 'url: { redact: { kyes: [a] } }'],
    ['with an expression that cannot run in linear time', "url: { redact: { values: ['(?=a)b'] } }"],
    ['with a marker that is syntax', "url: { redact: { marker: 'a=b' } }"],
    ['with a rule that is wrong', 'url: { rules: [{ match: { pth: /x } }] }'],
    ['in a file that is no YAML', 'url: [{'],
  ] as const) {
    test(`${title} hides every value and opaque segment, and says so, but the requests run`, async (t) => {
      const path = '/users/81f3c2a9b0/orders?page=2';
      const [client, server] = await Promise.all([
        recordCalls(
          t,
          config,
          EVERY_CLIENT.map((client) => ({ client, path })),
        ),
        recordServer(t, config, [path]),
      ]);
      const tail = '/users/REDACTED/orders?page=REDACTED';
      assertTrees(
        client.spans,
        ['backend', 'secure', 'backend', 'backend']
          .map((name) => `CLIENT GET 200 url.full=<${name}>${tail}`)
          .join('\n'),
        { attributes: ['url.full'], replace: client.replace },
      );
      assertTrees(server.spans, 'SERVER GET 200 url.path=/users/REDACTED/orders url.query=page=REDACTED', {
        attributes: ['url.path', 'url.query'],
      });
      for (const { stderr } of [client, server]) assert.match(stderr, /^tracing: \.tracingrc/m);
    });
  }

  test('that is mended hides no more than usual', async (t) => {
    const path = '/users/81f3c2a9b0/orders?page=2&token=a';
    const recorded = '/users/81f3c2a9b0/orders?page=2&token=REDACTED';
    assert.deepEqual(await asBoth(t, 'url: { redact: { keys: [a] } }', path), { client: recorded, server: recorded });
  });
});
