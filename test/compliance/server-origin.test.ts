import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exchange, rawGet } from '../integration/traced.ts';
import { certificateFile } from '../support/backend.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { closed, startServer } from './server.ts';

const HELLO = `http.createServer((request, response) => response.end(String(request.headers.host)))`;
const ORIGIN = ['url.scheme', 'server.address', 'server.port', 'client.address'];
const NETWORK = ['network.peer.address', 'network.peer.port', 'network.protocol.version'];
const FORWARDED =
  'Forwarded: for=192.0.2.7;proto=https;host=shop.example:8443\r\nX-Forwarded-For: 192.0.2.8, 10.0.0.1\r\n';
const keyFile = certificateFile.replace('cert.pem', 'key.pem');

suite('a server span tells where its request came in:', { concurrency: 3, timeout: 240_000 }, () => {
  for (const [trust, wanted] of [
    ['true', 'SERVER GET 200 url.scheme=https server.address=shop.example server.port=<port> client.address=192.0.2.7'],
    ['false', 'SERVER GET 200 url.scheme=http server.address=inner.example server.port=80 client.address=127.0.0.1'],
  ] as const) {
    test(`TRACING_TRUST_FORWARDED=${trust}`, async (t) => {
      const { sink, port } = await startServer(t, `listen(${HELLO});`, { env: { TRACING_TRUST_FORWARDED: trust } });
      await exchange(port, rawGet('/', FORWARDED).replace('shop.example', 'inner.example'));
      assertTrees(await sink.waitForSpans(1), wanted, { attributes: ORIGIN });
    });
  }

  test('headers that are wrong, huge, repeated or secret do no harm', async (t) => {
    const { sink, port, program } = await startServer(t, `listen(${HELLO});`);
    const lines = [
      'Forwarded: ;;=,="',
      `Forwarded: for=${'1'.repeat(4000)};host=${'h'.repeat(4000)}`,
      'X-Forwarded-Proto: java script\r\nX-Forwarded-Host: a b\r\nX-Forwarded-For: unknown',
      'X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2',
      'X-Forwarded-Host: user:secret-value@outer.example',
    ];
    for (const line of lines) assert.match(await exchange(port, rawGet('/', `${line}\r\n`)), /^HTTP\/1.1 200/);
    assertTrees(
      await sink.waitForSpans(5),
      `
      SERVER GET 200 url.scheme=http server.address=shop.example server.port=80 client.address=127.0.0.1
      SERVER GET 200 url.scheme=http server.address=shop.example server.port=80 client.address=127.0.0.1
      SERVER GET 200 url.scheme=http server.address=shop.example server.port=80 client.address=127.0.0.1
      SERVER GET 200 url.scheme=http server.address=shop.example server.port=80 client.address=192.0.2.1
      SERVER GET 200 url.scheme=http server.address=outer.example server.port=80 client.address=127.0.0.1
      `,
      { attributes: ORIGIN },
    );
    assert.doesNotMatch(sink.rawText() + program.stderr(), /secret-value/);
  });

  test('HTTP/1.0 with and without Host, repeated Host, absolute-form targets and *', async (t) => {
    const { sink, port } = await startServer(t, `listen(${HELLO});`);
    const texts = [
      'GET /old HTTP/1.0\r\n\r\n',
      'GET /named HTTP/1.0\r\nHost: old.example\r\n\r\n',
      rawGet('/twice', 'Host: other.example\r\n'),
      rawGet('http://asked.example:81/absolute?a=b'),
      rawGet('*').replace('GET', 'OPTIONS'),
    ];
    for (const text of texts) assert.match(await exchange(port, text), /^HTTP\/1.1 200/);
    assertTrees(
      await sink.waitForSpans(texts.length),
      `
      SERVER GET 200 url.path=/old server.address=127.0.0.1 server.port=<port> network.protocol.version=1.0
      SERVER GET 200 url.path=/named server.address=old.example server.port=80 network.protocol.version=1.0
      SERVER GET 200 url.path=/twice server.address=shop.example server.port=80 network.protocol.version=1.1
      SERVER GET 200 url.path=/absolute url.query=a=b server.address=asked.example server.port=81 network.protocol.version=1.1
      SERVER OPTIONS 200 url.path=* server.address=shop.example server.port=80 network.protocol.version=1.1
      `,
      { attributes: ['url.path', 'url.query', 'server.address', 'server.port', 'network.protocol.version'] },
    );
  });

  test('several servers of one process: a subclass, a lenient parser, IPv6, a unix socket', async (t) => {
    const path = join(tmpdir(), `tracing-server-${process.pid}.sock`);
    const { sink, program } = await startServer(
      t,
      `class Shop extends http.Server { constructor() { super({ insecureHTTPParser: true }, (request, response) => response.end()); } }
       const six = ${HELLO}, unix = ${HELLO};
       const shop = new Shop().listen(0, '127.0.0.1', () => six.listen(0, '::1', () => unix.listen(process.env.SOCKET, () =>
         process.send({ port: shop.address().port, six: six.address().port }))));`,
      { env: { SOCKET: path } },
    );
    const ask = async (socket: ReturnType<typeof connect>, target: string, extra = ''): Promise<void> => {
      socket.write(rawGet(target, extra));
      await closed(socket);
    };
    await ask(connect(program.port, '127.0.0.1'), '/shop', 'x-odd: a\u0001b\r\n');
    await ask(connect(Number(program.ready['six']), '::1'), '/six');
    await ask(connect(path), '/unix');
    const spans = await sink.waitForSpans(3);
    assertTrees(
      spans,
      `
      SERVER GET 200 url.path=/shop client.address=127.0.0.1 network.peer.address=127.0.0.1 network.peer.port=<port> network.protocol.version=1.1
      SERVER GET 200 url.path=/six client.address=::1 network.peer.address=::1 network.peer.port=<port> network.protocol.version=1.1
      SERVER GET 200 url.path=/unix network.protocol.version=1.1
      `,
      { attributes: ['url.path', 'client.address', ...NETWORK] },
    );
  });

  test('https with a certificate of the client', async (t) => {
    const { sink, port } = await startServer(
      t,
      `const pem = { key: fs.readFileSync(process.env.KEY), cert: fs.readFileSync(process.env.CERT) };
       listen(https.createServer({ ...pem, ca: pem.cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
         child('handler');
         response.end(request.socket.getPeerCertificate().fingerprint);
       }));`,
      { env: { CERT: certificateFile, KEY: keyFile } },
    );
    const pem = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
    const call = httpsRequest({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false, ...pem }).end();
    const [response] = await once(call, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    assert.match(text, /^[0-9A-F]{2}:/);
    assertTrees(
      await sink.waitForSpans(2),
      'SERVER GET 200 url.scheme=https server.address=127.0.0.1 server.port=<port> client.address=127.0.0.1\n  INTERNAL handler',
      { attributes: ORIGIN },
    );
  });
});
