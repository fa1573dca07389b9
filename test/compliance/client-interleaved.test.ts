import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { startUnrulyServer } from '../support/unruly-server.ts';

const cases: [client: string, count: number, perRequest: number][] = [
  ['http', 1000, 1],
  ['http, again when it is answered', 100, 2],
  ['fetch', 100, 1],
  // Not here: fetch of undici 6 and 7, and interceptors of 7, on a pool that makes requests wait. Nothing says there whose they are.
  ['undici@undici-6', 100, 1],
  ['undici, redirected@undici-6', 100, 2],
  ['undici, retried@undici-6', 100, 2],
  ['undici@undici-7', 100, 1],
  ['undici, redirected, without a queue@undici-7', 20, 2],
  ['undici, retried, without a queue@undici-7', 20, 2],
  ['undici@undici', 100, 1],
  ['undici, redirected@undici', 100, 2],
  ['undici, retried@undici', 100, 2],
  ['undici fetch@undici', 100, 1],
];

suite(
  'interleaved requests over kept connections are children of what made them:',
  { timeout: 240_000, concurrency: 2 },
  () => {
    for (const [client, count, perRequest] of casesOf(cases, 3)) {
      test(`${count} by ${client}`, async (t) => {
        const [sink, server] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startUnrulyServer())]);
        const env = { SERVER: server.url, CLIENT: client, COUNT: String(count), OTEL_EXPORTER_OTLP_ENDPOINT: sink.url };
        const { stdout, stderr } = await runProgram({ program: 'interleaved.mjs', flags: patientFlags, env });
        assert.deepEqual([stdout, stderr], ['done\n', '']);
        const names = new Map(sink.spans.map(({ spanId, name }) => [spanId, name]));
        const calls = sink.spans.filter(({ kind }) => kind === 'CLIENT');
        assert.equal(calls.length, count * perRequest);
        const wrong = calls.filter(
          ({ parentSpanId, attributes }) => !String(attributes['url.full']).endsWith(`?${names.get(parentSpanId)}`),
        );
        assert.equal(wrong.length, 0);
        const repeats = calls.filter(({ attributes }) => attributes['http.request.resend_count'] === 1);
        assert.equal(repeats.length, /redirected|retried/.test(client) ? count : 0);
      });
    }
  },
);
