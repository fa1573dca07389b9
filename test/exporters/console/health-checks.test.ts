import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConsole, START, type TestConsole } from './spans.ts';

const get = (console: TestConsole, path: string, code = 200, userAgent = 'curl/8'): void =>
  console.respond(console.server(path, 0, { 'user_agent.original': userAgent }), code, 1);

test('the first health check is said at once, later ones once a minute with the next request', () => {
  let now = START;
  const console = openConsole({ now: () => now });
  get(console, '/healthz');
  for (const path of ['/health', '/livez', '/readyz/', '/ping', '/metrics', '/favicon.ico']) get(console, path);
  get(console, '/', 200, 'kube-probe/1.31');
  get(console, '/', 204, 'ELB-HealthChecker/2.0');
  get(console, '/cart');
  now += 60_000;
  get(console, '/cart');
  assert.deepEqual(
    console.writes.map((text) => text.replaceAll(/ {3,}.*/g, '')),
    [
      '12:04:11.302  health checks ×1\n',
      '12:04:11.302  GET /cart\n',
      '12:05:11.302  health checks ×8\n12:04:11.302  GET /cart\n',
    ],
  );
});

test('what was counted is said at the end', async () => {
  const console = openConsole();
  get(console, '/healthz');
  get(console, '/healthz');
  get(console, '/healthz');
  await console.processor.shutdown();
  assert.deepEqual(console.lines(), ['12:04:11.302  health checks ×1', '12:04:11.302  health checks ×2']);
});

test('a health check that fails, or something below it, is shown', () => {
  const console = openConsole();
  get(console, '/healthz', 503);
  const check = console.server('/healthz');
  console.respond(console.client(check, 'http://db/', 0), 500, 1);
  console.respond(check, 200, 2);
  assert.match(console.lines()[0] ?? '', /GET \/healthz .* 503/);
  assert.match(console.writes[1] ?? '', /GET \/healthz .* 200.*\n.*db\/ .*500/);
});

test('looks like one but is not: other paths, client calls, verbose', () => {
  const console = openConsole();
  get(console, '/healthy');
  get(console, '/api/health');
  console.respond(console.client(undefined, 'http://x/health', 0), 200, 1);
  assert.equal(console.writes.length, 3);
  const verbose = openConsole({ verbose: true });
  get(verbose, '/healthz');
  assert.match(verbose.lines()[0] ?? '', /GET \/healthz/);
});
