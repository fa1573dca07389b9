import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeAfter } from './close-after.ts';
import { startBackend } from './backend.ts';
import { closedPort } from './otlp-sink.ts';
import { isReachable, requireService } from './services.ts';

function recordSkips() {
  const skips: (string | undefined)[] = [];
  return { skips, recorder: { skip: (message?: string) => void skips.push(message) } };
}

test('a port that listens is reachable, a closed one is not', async (t) => {
  const backend = await closeAfter(t, startBackend());
  assert.equal(await isReachable('127.0.0.1', backend.port), true);
  assert.equal(await isReachable('127.0.0.1', await closedPort()), false);
});

test('a service that runs gives its address', async (t) => {
  const backend = await closeAfter(t, startBackend());
  const { recorder, skips } = recordSkips();
  assert.deepEqual(await requireService(recorder, 'redis', backend.port), { host: '127.0.0.1', port: backend.port });
  assert.deepEqual(skips, []);
});

test('a missing service skips the test, or fails it where services are required', async (context) => {
  const before = process.env['REQUIRE_SERVICES'];
  context.after(() => {
    if (before === undefined) delete process.env['REQUIRE_SERVICES'];
    else process.env['REQUIRE_SERVICES'] = before;
  });
  const port = await closedPort();
  const { recorder, skips } = recordSkips();
  delete process.env['REQUIRE_SERVICES'];
  assert.equal(await requireService(recorder, 'redis', port), undefined);
  assert.deepEqual(skips, [`redis does not answer on 127.0.0.1:${port}`]);
  process.env['REQUIRE_SERVICES'] = '1';
  await assert.rejects(requireService(recorder, 'redis', port), /redis does not answer on .*, and REQUIRE_SERVICES=1/);
});
