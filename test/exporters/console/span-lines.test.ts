import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConsole, playFailedCart, START } from './spans.ts';

test('line prints every span when it ends, each with its trace', () => {
  const console = openConsole({ mode: 'line', isTerminal: false });
  playFailedCart(console);
  console.end(console.begin('job', { from: 0 }), { to: 1 });
  assert.deepEqual(console.lines(), [
    '12:04:11.302  7f3c91 → GET  inventory:4001/stock/42?key=REDACTED  200    61 ms',
    '12:04:11.363  7f3c91 → GET  pricing:4002/price/42    ECONNREFUSED   118 ms  ✗ Error: connect ECONNREFUSED 127.0.0.1:4002   at getPrice (src/cart.ts:31:18)',
    '12:04:11.302  7f3c91 ← GET /cart/:id                          500   184 ms  ✗',
    '12:04:11.302  7f3c92 · job                                          1.0 ms',
  ]);
  assert.equal(console.writes.length, 4);
});

test('line is cut to the terminal and shows attributes when verbose', () => {
  const narrow = openConsole({ mode: 'line', width: 100 });
  playFailedCart(narrow);
  assert.equal(
    narrow.lines()[1],
    '12:04:11.363  7f3c91 → GET  pricing:4002/price/42    ECONNREFUSED   118 ms  ✗ Error: connect ECONNR…',
  );
  const verbose = openConsole({ mode: 'line', isTerminal: false, verbose: true });
  verbose.end(verbose.begin('job', { from: 0, attributes: { rows: 2, sql: 'select 1', tags: ['a', 'b c'] } }), {
    to: 1,
  });
  assert.match(verbose.text(), /1.0 ms {3}\{rows: 2, sql: "select 1", tags: \[a, "b c"\]\}$/);
});

test('json prints one object for every span', () => {
  const console = openConsole({ mode: 'json', color: true });
  playFailedCart(console);
  const [, price, cart] = console.lines().map((line) => JSON.parse(line));
  assert.equal(console.writes.length, 3);
  assert.deepEqual(cart, {
    traceId: `7f3c91${'0'.repeat(26)}`,
    spanId: '0000000000000001',
    name: 'GET /cart/:id',
    kind: 'server',
    start: new Date(START).toISOString(),
    end: new Date(START + 184).toISOString(),
    durationMillis: 184,
    status: 'error',
    service: 'shop-api',
    attributes: {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': '/cart/42',
      'http.route': '/cart/:id',
      'http.response.status_code': 500,
      'error.type': '500',
    },
    events: [{ name: 'price lookup failed', time: new Date(START + 180).toISOString(), attributes: { sku: 42 } }],
  });
  assert.equal(price.parentSpanId, '0000000000000001');
  assert.equal(price.events[0].attributes['exception.type'], 'ECONNREFUSED');
});
