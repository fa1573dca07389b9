import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { startSink } from '../support/otlp-sink.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startUnrulyServer } from '../support/unruly-server.ts';
import { runTraced } from '../integration/traced.ts';

const tlsFolder = new URL('../fixtures/tls/', import.meta.url);
const hasIpv6 = Object.values(networkInterfaces()).some((known) => known?.some(({ address }) => address === '::1'));

suite('where a request goes is recorded as it was meant:', { timeout: 240_000 }, () => {
  test('client-targets.mjs', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'targets-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 's.sock');
    const [sink, server, tlsServer, _unix, six] = await Promise.all([
      closeAfter(t, startSink()),
      closeAfter(t, startUnrulyServer()),
      closeAfter(t, startUnrulyServer({ tls: { requestCert: true, rejectUnauthorized: false } })),
      closeAfter(t, startUnrulyServer({ listen: { path } })),
      hasIpv6 ? closeAfter(t, startUnrulyServer({ listen: { host: '::1', port: 0 } })) : undefined,
    ]);
    await runTraced({
      program: 'client-targets.mjs',
      env: {
        SERVER: server.url,
        TLS_SERVER: tlsServer.url,
        SOCKET: path,
        IPV6_PORT: String(six?.port ?? 0),
        TLS_FOLDER: tlsFolder.href,
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      },
    });
    const peer = 'network.peer.address=127.0.0.1 network.peer.port=<port>';
    const here = `server.address=127.0.0.1 server.port=<port> ${peer}`;
    const virtual = `server.address=shop.example server.port=81 ${peer}`;
    const ipv6 = hasIpv6
      ? '\n      CLIENT GET 200 url.full=http://[::1]:<six>/ok?six server.address=::1 server.port=<port> network.peer.address=::1 network.peer.port=<port>'
      : '';
    assertTrees(
      sink.spans,
      `
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?array ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?pairs ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?alone ${here}
      CLIENT GET 200 url.full=http://shop.example:81/ok?host ${virtual}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?nohost ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?map ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?duplicate ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?false ${here}
      CLIENT GET 200 url.full=http://shop.example:81/ok?own ${virtual}
      CLIENT GET 200 url.full=http://localhost/ok?unix server.address=<socket>${ipv6}
      CLIENT GET 200 url.full=http://shop.example:81/ok?proxied&token=REDACTED ${virtual}
      CLIENT OPTIONS 200 url.full=http://127.0.0.1:<server> ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok ${here}
      CLIENT CONNECT 200 url.full=http://shop.example:81 ${virtual}
      CLIENT GET 200 url.full=http://shop.example:81/ok?tunnel ${virtual}
      CLIENT GET 200 url.full=https://127.0.0.1:<tls>/ok?certificate ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?lower ${here}
      CLIENT HTTP 200 url.full=http://127.0.0.1:<server>/ok?purge ${here}
      CLIENT GET 200 url.full=http://127.0.0.1:<server>/ok?socket ${here}
      `,
      {
        attributes: ['url.full', 'server.address', 'server.port', 'network.peer.address', 'network.peer.port'],
        replace: {
          [path]: '<socket>',
          [String(server.port)]: '<server>',
          [String(tlsServer.port)]: '<tls>',
          [String(six?.port)]: '<six>',
        },
      },
    );
    for (const { attributes } of sink.spans) {
      const port = Number(new URL(String(attributes['url.full'])).port || 80);
      const isUnix = attributes['server.address'] === path;
      assert.equal(attributes['server.port'], isUnix ? undefined : port);
      if (port !== 81) assert.equal(attributes['network.peer.port'], isUnix ? undefined : port);
    }
    assert.doesNotMatch(sink.rawText(), /secret-value/);
  });
});
