// The `url` section of a configuration, each option with the spans that it leaves of real requests as evidence.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { createProject } from '../config/project.ts';
import { type BackendRequest, certificateFile, startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { startSink } from '../support/otlp-sink.ts';
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

/** Serves, making calls of its own for every request where WORKS is set, before and after awaits and timers; then makes the calls of a message, one after the other, and ends. */
const APP = `
import http, { createServer, get } from 'node:http';
import https from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { trace } from '${import.meta.resolve('@opentelemetry/api')}';
const { BACKEND, BACKEND_TLS, UNDICI, WORKS } = process.env;
const getBy = (url) => new Promise((resolve) => get(url, (response) => response.resume().on('end', resolve)));
const server = createServer(async (request, response) => {
  if (WORKS === '1') {
    await setTimeout(2);
    await (await fetch(BACKEND + '/by-fetch')).text();
    await trace.getTracer('shop').startActiveSpan('own', async (span) => {
      await getBy(BACKEND + '/by-http');
      span.end();
    });
    globalThis.setTimeout(async () => { await getBy(BACKEND + '/by-timer'); response.end('served ' + request.url); }, 2);
  } else response.end('served ' + request.url);
});
const byHttp = (module, url, options) => new Promise((resolve, reject) => {
  module.request(url, options, (response) => response.resume().on('end', resolve)).on('error', reject).end();
});
let request;
const clients = {
  http: (path, options) => byHttp(http, BACKEND + path, options),
  https: (path, options) => byHttp(https, BACKEND_TLS + path, options),
  fetch: async (path, options) => (await fetch(BACKEND + path, options)).text(),
  undici: async (path, options) => (await request(BACKEND + path, options)).body.text(),
};
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('message', async (calls) => {
  if (calls.some(({ client }) => client === 'undici')) ({ request } = await import(UNDICI));
  for (const { client = 'http', path, ...options } of calls) await clients[client](path, options);
  server.close();
  process.disconnect();
});
`;

interface Recorded {
  spans: ReceivedSpan[];
  /** Of them, those of requests that were served and those of calls. */
  server: ReceivedSpan[];
  client: ReceivedSpan[];
  stderr: string;
  /** What reached the backends. */
  requests: BackendRequest[];
  /** The backends' addresses, as drawTrees replaces them. */
  replace: Record<string, string>;
}

const toFiles = (config: Files | string): Files =>
  typeof config !== 'string' ? config : config === '' ? {} : { '.tracingrc': config };

interface Work {
  /** Targets, or more of the head of a request, that the program is asked for, in turn. */
  serve?: ReadonlyArray<string | Omit<Call, 'client'>>;
  /** What the program calls once all are served. */
  call?: readonly Call[];
  /** Whether it makes calls of its own for what it serves. */
  works?: boolean;
  env?: Files;
}

async function record(t: TestContext, config: Files | string, work: Work): Promise<Recorded> {
  const { serve = [], call = [], works = false, env = {} } = work;
  const [sink, backend, secure] = await Promise.all([
    closeAfter(t, startSink()),
    closeAfter(t, startBackend()),
    closeAfter(t, startBackend({ tls: true })),
  ]);
  const { folder } = createProject({ 'app.mjs': APP, ...toFiles(config) });
  const program = await startTraced(t, {
    program: join(folder, 'app.mjs'),
    cwd: folder,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      NODE_EXTRA_CA_CERTS: certificateFile,
      BACKEND: backend.url,
      BACKEND_TLS: secure.url,
      UNDICI: import.meta.resolve('undici'),
      WORKS: works ? '1' : '0',
      ...env,
    },
  });
  for (const asked of serve) {
    const { method = 'GET', path, headers = {} } = typeof asked === 'string' ? { path: asked } : asked;
    const lines = Object.entries({ Host: 'shop.example', ...headers, Connection: 'close' });
    const request = `${method} ${path} HTTP/1.1\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`;
    assert.match(await exchange(program.port, request), /^HTTP\/1.1 200/);
  }
  program.send([...call]);
  const { code, stderr } = await program.exited;
  assert.equal(code, 0, stderr);
  return {
    spans: sink.spans,
    server: sink.spans.filter(({ kind }) => kind === 'SERVER'),
    client: sink.spans.filter(({ kind }) => kind === 'CLIENT'),
    stderr,
    requests: [...backend.requests, ...secure.requests],
    replace: { [backend.url]: '<backend>', [secure.url]: '<secure>' },
  };
}

/** What is recorded of a target that one program serves and calls: path and query. */
async function asBoth(
  t: TestContext,
  config: Files | string,
  target: string,
  env: Files = {},
): Promise<{ client: string; server: string }> {
  const { spans, requests, stderr } = await record(t, config, { serve: [target], call: [{ path: target }], env });
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

const EVERY_CLIENT: readonly ClientName[] = ['http', 'https', 'fetch', 'undici'];
const by = (client: ClientName, call: Call): Call => ({ ...call, client });
const byEveryClient = (...calls: Call[]): Call[] =>
  EVERY_CLIENT.flatMap((client) => calls.map((call) => by(client, call)));

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
      'paths hide their named groups',
      'url: { redact: { paths: ["/invite/:code", "/u/:id/k/*"] } }',
      '/invite/bob?page=2',
      '/invite/REDACTED?page=2',
    ],
    [
      'allow lets a name stay',
      'url: { redact: { allow: [username] } }',
      '/x?userName=bob&token=b',
      '/x?userName=bob&token=REDACTED',
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
  for (const [title, config, given, recorded, env] of casesOf(cases, 3)) {
    test(title, async (t) => {
      assert.deepEqual(await asBoth(t, config, given, env), { client: recorded, server: recorded });
    });
  }
});

suite('url.filter', together, () => {
  const FILTER =
    "(url, { direction, method }) => `${url.origin}/${direction}/${method}${url.pathname}?token=a&page=${url.searchParams.get('page')}`";
  const RECORDED = (direction: string): string => `/${direction}/GET/x?token=REDACTED&page=2`;

  const places = [
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
  ] as const;
  for (const [title, files] of casesOf(places, 2)) {
    test(`${title} gets the real URL, and its result is redacted`, async (t) => {
      assert.deepEqual(await asBoth(t, files, '/x?page=2&secret=b'), {
        client: RECORDED('client'),
        server: RECORDED('server'),
      });
    });
  }

  const url = '/x?page=2&secret=hunter2';
  const faults = [
    ['throws', "() => { throw new Error('hunter2'); }"],
    ['is async', '(url) => Promise.resolve(url)'],
    ['returns no URL', "() => 'hunter2'"],
    ['rejects', "() => Promise.reject(new Error('hunter2'))"],
  ] as const;
  for (const [title, filter] of casesOf(faults, 1)) {
    test(`that ${title} hides all but the origin, is reported once, and leaves the requests alone`, async (t) => {
      const files = { 'tracing.config.mjs': `export default { url: { filter: ${filter} } };` };
      const { server, client, requests, stderr, replace } = await record(t, files, {
        serve: [url, url],
        call: byEveryClient({ path: url }),
      });
      assertTrees(
        client,
        `
        CLIENT GET 200 url.full=<backend>/REDACTED
        CLIENT GET 200 url.full=<secure>/REDACTED
        CLIENT GET 200 url.full=<backend>/REDACTED
        CLIENT GET 200 url.full=<backend>/REDACTED
        `,
        { attributes: ['url.full'], replace },
      );
      assertTrees(server, 'SERVER GET 200 url.path=/REDACTED\nSERVER GET 200 url.path=/REDACTED', {
        attributes: ['url.path', 'url.query'],
      });
      assert.deepEqual(
        requests.map((request) => request.url),
        [url, url, url, url],
      );
      assert.match(stderr, /^tracing: url\.filter [^\n]*\n$/);
      assert.doesNotMatch(stderr, /hunter2/);
    });
  }

  test('that changes the URL it gets changes nothing of the request', async (t) => {
    const files = {
      '.tracingrc.mjs':
        "export default { url: { filter: (url) => { url.host = 'other.example'; url.pathname = '/y'; return url; } } };",
    };
    const { spans, requests } = await record(t, files, {
      call: [{ path: '/x' }, { path: '/x', client: 'fetch' }],
    });
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
    const { spans, stderr } = await record(t, 'url: { filter: ./none.cjs }', {
      call: [{ path: '/x?page=2' }],
    });
    assertTrees(spans, 'CLIENT GET 200 url.full=http://127.0.0.1:<port>/REDACTED', { attributes: ['url.full'] });
    assert.match(stderr, /url\.filter: the module cannot be loaded/);
  });
});

suite('url.ignore', together, () => {
  test('silences what each of its patterns fits, for every client and the server, and nothing else', async (t) => {
    const config = `
      url:
        ignore:
          - /health
          - '/static/*'
          - /users/:id
          - GET /live
          - '/^/ready(z|/now)?$/'
          - '/PING/i'
          - { path: /metrics, method: GET }
          - { header: { user-agent: 'kube-probe/*' } }
          - { query: { probe: '1' } }
        rules:
          - { match: /by-rule, ignore: true }`;
    const ignored: Call[] = [
      { path: '/health?full=1' },
      { path: '/static/app.css' },
      { path: '/users/7' },
      { path: '/live' },
      { path: '/readyz' },
      { path: '/ping' },
      { path: '/metrics' },
      { path: '/x', headers: { 'user-agent': 'kube-probe/1.30' } },
      { path: '/x?probe=1' },
      { path: '/by-rule' },
    ];
    const others: Call[] = [
      { path: '/healthy' },
      { path: '/static' },
      { path: '/users' },
      { path: '/live', method: 'POST' },
      { path: '/readyx' },
      { path: '/pong' },
      { path: '/metrics', method: 'POST' },
      { path: '/x', headers: { 'user-agent': 'curl/8' } },
      { path: '/x?probe=2' },
      { path: '/by-rules' },
    ];
    const { server, client, requests, stderr, replace } = await record(t, config, {
      serve: [...ignored, ...others],
      call: byEveryClient(...ignored, ...others),
    });
    assert.equal(stderr, '');
    const drawn = (kind: string, attribute: string, base = ''): string =>
      others.map(({ path, method = 'GET' }) => `${kind} ${method} 200 ${attribute}=${base}${path}`).join('\n');
    assertTrees(server, drawn('SERVER', 'url.path').replaceAll(/\?.*/gm, ''), { attributes: ['url.path'] });
    assertTrees(
      client,
      ['<backend>', '<secure>', '<backend>', '<backend>'].map((base) => drawn('CLIENT', 'url.full', base)).join('\n'),
      { attributes: ['url.full'], replace },
    );
    assert.equal(requests.length, EVERY_CLIENT.length * (ignored.length + others.length));
  });

  test('by the whole URL silences that host only', async (t) => {
    const config = "url: { ignore: ['https://127.0.0.1:*/*'] }";
    const { spans, replace } = await record(t, config, { call: byEveryClient({ path: '/x' }) });
    assertTrees(
      spans,
      'CLIENT GET 200 url.full=<backend>/x\nCLIENT GET 200 url.full=<backend>/x\nCLIENT GET 200 url.full=<backend>/x',
      { attributes: ['url.full'], replace },
    );
  });

  for (const variable of casesOf(['TRACING_IGNORE_URLS', 'OTEL_NODE_EXCLUDED_URLS'], 1)) {
    test(`${variable} ignores too`, async (t) => {
      const { spans } = await record(t, '', {
        serve: ['/health', '/static/x', '/cart'],
        env: { [variable]: '/health,/static/*' },
      });
      assertTrees(spans, 'SERVER GET 200 url.path=/cart', { attributes: ['url.path'] });
    });
  }

  test('of a server request silences all that it does, across awaits, timers, fetch and http', async (t) => {
    const { spans, requests, replace } = await record(t, 'url: { ignore: [/health] }', {
      serve: ['/health', '/cart', '/health'],
      works: true,
    });
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
    const { spans, replace } = await record(t, config, {
      serve: ['/by-fetch', '/by-http'],
      works: true,
    });
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

  test('match decides for every client and for a server', async (t) => {
    const rows: ReadonlyArray<readonly [match: string, fits: Call, other: Call]> = [
      ['{ method: POST }', { path: '/x', method: 'POST' }, { path: '/x' }],
      ['{ method: [PUT, DELETE] }', { path: '/x', method: 'DELETE' }, { path: '/x', method: 'PATCH' }],
      ["{ path: '/^/v\\d/' }", { path: '/v1/a' }, { path: '/x/v1' }],
      ['{ path: /users/:id }', { path: '/users/7' }, { path: '/users' }],
      ['{ query: debug }', { path: '/x?debug' }, { path: '/x?bug' }],
      ['{ query: [a, b] }', { path: '/x?b=1&a=2' }, { path: '/x?a=2' }],
      ["{ query: { v: '/^[12]$/' } }", { path: '/x?v=2' }, { path: '/x?v=3' }],
      [
        '{ header: x-shop }',
        { path: '/x', headers: { 'x-shop': 'acme' } },
        { path: '/x', headers: { 'x-bar': 'acme' } },
      ],
      [
        "{ header: { x-tenant: 'acme*' } }",
        { path: '/x', headers: { 'x-tenant': 'acme-eu' } },
        { path: '/x', headers: { 'x-tenant': 'other' } },
      ],
      ["{ host: 127.0.0.1, path: '/a/*' }", { path: '/a/b', headers: { Host: '127.0.0.1' } }, { path: '/b/a' }],
    ];
    const rules = rows.map(([match], index) => `{ match: ${match}, name: /named-${index} }`);
    const config = `url: { rules: [${rules.join(', ')}] }`;
    const calls = rows.flatMap(([, fits, other]) => [fits, other]);
    const { server, client, stderr } = await record(t, config, { serve: calls, call: byEveryClient(...calls) });
    assert.equal(stderr, '');
    const named = rows.flatMap(([, { method: one = 'GET' }, { method: two = 'GET' }], index) => [
      [`${one} /named-${index}`, `/named-${index}`],
      [two, undefined],
    ]);
    assert.deepEqual(
      client.map(({ name, attributes }) => [name, attributes['url.template']]),
      EVERY_CLIENT.flatMap(() => named),
    );
    assert.deepEqual(
      server.map(({ name, attributes }) => [name, attributes['http.route']]),
      named,
    );
  });

  test('match of one direction decides nothing in the other', async (t) => {
    const config = `
      url:
        rules:
          - { match: { direction: server, host: 'shop.*' }, name: /served }
          - { match: { direction: client }, name: /called }`;
    const { server, client } = await record(t, config, {
      serve: ['/x', { path: '/x', headers: { Host: 'other.example' } }],
      call: [{ path: '/x' }, { path: '/x', client: 'undici', headers: { Host: 'shop.example' } }],
    });
    assert.deepEqual(
      server.map(({ name }) => name),
      ['GET /served', 'GET'],
    );
    assert.deepEqual(
      client.map(({ name }) => name),
      ['GET /called', 'GET /called'],
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
    const { server, client, requests, replace } = await record(t, config, {
      serve: paths,
      call: byEveryClient(...paths.map((path) => ({ path }))),
    });
    const ofClient = (name: string): string => `
      CLIENT GET /pay/:id 200 url.full=<${name}>/pay/7?order_ref=REDACTED&session=b&token=REDACTED url.template=/pay/:id
      CLIENT GET 200 url.full=<${name}>/admin/REDACTED/x?page=REDACTED
      CLIENT GET 200 url.full=<${name}>/x?order_ref=a&session=REDACTED`;
    assertTrees(client, ['backend', 'secure', 'backend', 'backend'].map(ofClient).join(''), {
      attributes: shown,
      replace,
    });
    assertTrees(
      server,
      `
      SERVER GET /pay/:id 200 url.path=/pay/7 url.query=order_ref=REDACTED&session=b&token=REDACTED http.route=/pay/:id
      SERVER GET 200 url.path=/admin/REDACTED/x url.query=page=REDACTED
      SERVER GET 200 url.path=/x url.query=order_ref=a&session=REDACTED
      `,
      { attributes: shown },
    );
    assert.deepEqual(requests.map(({ url }) => url).toSorted(), EVERY_CLIENT.flatMap(() => paths).toSorted());
  });

  test('the first match of each kind of action wins', async (t) => {
    const config = `
      url:
        rules:
          - { match: /a/b, name: /a/b }
          - { match: /a/*, name: /a/:any, redact: [lane] }
          - { redact: [order_ref] }`;
    const { spans } = await record(t, config, {
      serve: ['/a/b?lane=1&order_ref=2', '/a/c?lane=1', '/x?lane=1&order_ref=2'],
    });
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
    const { spans, replace } = await record(t, config, {
      serve: ['/never', '/always', '/x'],
      works: true,
    });
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
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const { spans } = await record(t, 'url: { rules: [{ sample: 0 }] }', { serve: [{ path: '/x', headers }] });
    assertTrees(spans, 'SERVER GET 200 (remote parent)');
  });

  test('sample: 0 of a client drops the traces that it begins, for every client', async (t) => {
    const config = 'url: { rules: [{ match: /never, sample: 0 }] }';
    const { spans, requests } = await record(t, config, { call: byEveryClient({ path: '/never' }, { path: '/x' }) });
    assert.equal(requests.length, 8);
    assert.deepEqual(
      spans.map(({ attributes }) => String(attributes['url.full']).replace(/^.*\//, '')),
      ['x', 'x', 'x', 'x'],
    );
  });

  test('capture takes the headers of what it matches, redacted, and of nothing else', async (t) => {
    const config = 'url: { rules: [{ match: /x, capture: true }] }';
    const headers = { 'x-tenant': 'acme', authorization: 'Bearer hunter2' };
    const { spans } = await record(t, config, {
      call: byEveryClient({ path: '/x', headers }, { path: '/y', headers }),
    });
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
  const faults = [
    ['that is no object', 'url: hide'],
    ['with an unknown option', 'url: { redact: { kyes: [a] } }'],
    ['with an expression that cannot run in linear time', "url: { redact: { values: ['(?=a)b'] } }"],
    ['with a rule that is wrong', 'url: { rules: [{ match: { pth: /x } }] }'],
    ['with a marker that is syntax', "url: { redact: { marker: 'a=b' } }"],
    ['in a file that is no YAML', 'url: [{'],
  ] as const;
  for (const [title, config] of casesOf(faults, 1)) {
    test(`${title} hides every value and opaque segment, and says so, but the requests run`, async (t) => {
      const path = '/users/81f3c2a9b0/orders?page=2';
      const { server, client, stderr, replace } = await record(t, config, {
        serve: [path],
        call: byEveryClient({ path }),
      });
      const tail = '/users/REDACTED/orders?page=REDACTED';
      assertTrees(
        client,
        ['backend', 'secure', 'backend', 'backend']
          .map((name) => `CLIENT GET 200 url.full=<${name}>${tail}`)
          .join('\n'),
        { attributes: ['url.full'], replace },
      );
      assertTrees(server, 'SERVER GET 200 url.path=/users/REDACTED/orders url.query=page=REDACTED', {
        attributes: ['url.path', 'url.query'],
      });
      assert.match(stderr, /^tracing: \.tracingrc/m);
    });
  }

  test('that is mended hides no more than usual', async (t) => {
    const path = '/users/81f3c2a9b0/orders?page=2&token=a';
    const recorded = '/users/81f3c2a9b0/orders?page=2&token=REDACTED';
    assert.deepEqual(await asBoth(t, 'url: { redact: { keys: [a] } }', path), { client: recorded, server: recorded });
  });
});
