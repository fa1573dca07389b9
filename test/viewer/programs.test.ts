import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import type { TraceDetail } from '../../src/viewer/model.ts';
import { toNoticePath } from '../../src/viewer/protocol.ts';
import { startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { agentFlags, patientFlags, runProgram, startProgram } from '../support/run-program.ts';
import { makeViewerEnv, startViewerProgram } from './viewer-program.ts';

const startShop = (t: TestContext, env: Readonly<Record<string, string>>) =>
  closeAfter(
    t,
    startProgram({
      program: 'chain.mjs',
      flags: agentFlags,
      env: { ...env, OTEL_SERVICE_NAME: 'shop', OTEL_BSP_SCHEDULE_DELAY: '20' },
    }),
  );

suite('programs and the viewer', { concurrency: 2 }, () => {
  test('worker threads, child processes and clusters are seen', async (t) => {
    const viewer = await startViewerProgram(t);
    const backend = await closeAfter(t, startBackend());
    const exit = await runProgram({
      program: 'parts.mjs',
      flags: patientFlags,
      env: { ...viewer.env, BACKEND: backend.url, OTEL_SERVICE_NAME: 'shop' },
    });
    assert.equal(exit.code, 0, exit.stderr);
    const traces = await viewer.waitForTraces('service=shop kind=client', 4);
    const details = await Promise.all(
      traces.map(async ({ id }) => (await (await viewer.ask(`/api/traces/${id}`)).json()) as TraceDetail),
    );
    const seen = details.flatMap(({ spans, shapes, origins }) =>
      spans.map(({ shape = 0, values = [], origin }) => {
        const url = values[shapes[shape]?.indexOf('url.full') ?? -1];
        return [new URL(String(url)).pathname, origins[origin]?.resource['process.pid']] as const;
      }),
    );
    assert.deepEqual(seen.map(([path]) => path).toSorted(), ['/child', '/cluster', '/main', '/thread']);
    // Three processes: the thread's spans are those of its process.
    assert.equal(new Set(seen.map(([, pid]) => pid)).size, 3);
  });

  test('a viewer that ends is not noticed by the application, and is found again on its port', async (t) => {
    const viewer = await startViewerProgram(t);
    const shop = await startShop(t, viewer.env);
    const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${shop.port}${path}`)).text();
    await ask('/before');
    await viewer.waitForTraces('url.path=/before');
    assert.equal(await viewer.program.stop(), 0);
    for (let count = 0; count < 5; count++) {
      assert.equal(await ask('/meanwhile'), 'shop');
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const again = await startViewerProgram(t, ['--port', new URL(viewer.url).port]);
    await ask('/after');
    await again.waitForTraces('url.path=/after');
    const said = shop.stderr().split('\n').slice(3);
    assert.ok(said.filter((line) => line.includes('ECONNREFUSED')).length <= 1, shop.stderr());
    assert.doesNotMatch(shop.stderr(), /\n\s+at /);
  });

  test('another program on the port of a viewer that is gone is said once, and nothing else happens', async (t) => {
    const env = makeViewerEnv(t);
    const backend = await closeAfter(t, startBackend());
    const other = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const path = toNoticePath(env);
    mkdirSync(dirname(path), { mode: 0o700 });
    const notice = { pid: process.pid, url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`, token: 't' };
    writeFileSync(path, JSON.stringify(notice), { mode: 0o600 });
    const exit = await runProgram({
      program: 'parts.mjs',
      args: ['child'],
      flags: patientFlags,
      env: { ...env, BACKEND: backend.url },
    });
    assert.equal(exit.code, 0);
    const said = exit.stderr.split('\n').slice(3);
    assert.match(
      said[0] ?? '',
      /^tracing: cannot deliver spans to \S+ \(HTTP status 404\); they are lost, the application goes on$/,
    );
    assert.match(said[1] ?? '', /^tracing: 1 span was lost on the way to \S+: HTTP status 404$/);
    assert.deepEqual(said.slice(2), ['']);
  });
});
