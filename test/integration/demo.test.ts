// `npm run demo` as a reader sees it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../support/run-program.ts';

test('the demo shows the traces of both services, one failure with its cause, and no token', async () => {
  const { code, stdout, stderr } = await runProgram({
    program: fileURLToPath(new URL('../../demo/main.ts', import.meta.url)),
    flags: ['--no-warnings'],
    timeoutMillis: 120_000,
  });
  assert.equal(code, 0);
  assert.match(stdout, /node --import @tracing\/agent app\.js/);
  for (const line of [
    /tracing 0\.\d+ {2}storefront \(pid \d+\)/,
    /tracing 0\.\d+ {2}inventory \(pid \d+\)/,
    /GET \/cart .* 200 .* 2 calls/,
    /POST \/checkout .* 200 .* 1 call/,
    /GET \/price .* 502 .*✗/,
    /└ GET {2}127\.0\.0\.1:4\/price\/42\?currency=EUR&token=REDACTED +ECONNREFUSED/,
    /Error: connect ECONNREFUSED/,
    /GET \/nowhere .* 404/,
  ]) {
    assert.match(stderr, line);
  }
  assert.doesNotMatch(stdout + stderr, /demo-token/);
});
