import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind } from '@opentelemetry/api';
import { openConsole, playFailedCart, playGoodCart, REFUSED, remoteParent } from './spans.ts';

// The two blocks of UX.md with the columns of both aligned; its log line is an event here, as long as there are no logs.
const FAILED_CART = `\
12:04:11.302  GET /cart/:id                                   500   184 ms  ✗
  ├ GET  inventory:4001/stock/42?key=REDACTED                 200    61 ms  ▏███
  ├ GET  pricing:4002/price/42                       ECONNREFUSED   118 ms  ▏   ██████ ✗
  │    Error: connect ECONNREFUSED 127.0.0.1:4002   at getPrice (src/cart.ts:31:18)
  └ event  "price lookup failed" {sku: 42}
  trace 7f3c91…`;
const GOOD_CART =
  '12:04:12.010  GET /cart/:id                                   200    74 ms   2 calls · 61 ms waiting';

test('draws the two requests of UX.md', () => {
  const console = openConsole();
  playFailedCart(console);
  playGoodCart(console);
  assert.equal(console.text(), `${FAILED_CART}\n${GOOD_CART}`);
});

test('writes one block in one call, when its root ends', () => {
  const console = openConsole();
  const first = console.server('/a');
  const second = console.server('/b', 1);
  const below = console.client(first, 'http://x/1', 2);
  console.respond(below, 503, 3);
  assert.deepEqual(console.writes, []);
  console.respond(second, 200, 4);
  console.respond(first, 500, 5);
  assert.equal(console.writes.length, 2);
  assert.match(console.writes[0] ?? '', /^12:04:11.303 {2}GET \/b .* 200 +3.0 ms\n$/);
  assert.match(console.writes[1] ?? '', /^12:04:11.302 {2}GET \/a .*✗\n {2}└ GET {2}x\/1 .*✗\n {2}trace 7f3c91…\n$/);
});

test('a success without children is one line', () => {
  const console = openConsole();
  console.respond(console.server('/'), 204, 3);
  assert.equal(console.text(), '12:04:11.302  GET /                                           204   3.0 ms');
});

test('a 404 is shown and is no failure of the server', () => {
  const console = openConsole();
  console.respond(console.server('/nope'), 404, 3);
  assert.equal(console.text(), '12:04:11.302  GET /nope                                       404   3.0 ms');
});

test('draws nested levels, oldest first', () => {
  const console = openConsole({ isTerminal: false });
  const root = console.server('/');
  const late = console.client(root, 'http://late/', 50);
  const work = console.begin('work', { from: 10, parent: root });
  const inner = console.begin('inner', { from: 11, parent: work });
  const call = console.client(inner, 'http://deep/', 12);
  const other = console.begin('other', { from: 20, parent: work });
  console.end(call, { to: 13, failed: 'reset by peer' });
  console.end(inner, { to: 14 });
  console.end(other, { to: 30 });
  console.end(work, { to: 40 });
  console.respond(late, 200, 60);
  console.respond(root, 502, 70);
  assert.deepEqual(console.lines(), [
    '12:04:11.302  GET /                                           502    70 ms  ✗',
    '  ├ work                                                             30 ms',
    '  │ ├ inner                                                         3.0 ms',
    '  │ │ └ GET  deep/                                                  1.0 ms  ✗',
    '  │ │      reset by peer',
    '  │ └ other                                                          10 ms',
    '  └ GET  late/                                                200    10 ms',
    '  trace 7f3c91…',
  ]);
});

test('an exception of the root stands between its line and its children', () => {
  const console = openConsole({ isTerminal: false });
  const root = console.server('/');
  console.respond(console.client(root, 'http://x/', 1), 200, 2);
  root.recordException(REFUSED);
  console.respond(root, 500, 3);
  assert.equal(console.lines()[1], '  │  Error: connect ECONNREFUSED 127.0.0.1:4002   at getPrice (src/cart.ts:31:18)');
});

test('an exception without a frame of the user is shown without a place', () => {
  const console = openConsole();
  const stack = 'TypeError: bad\nsecond line\n    at node:internal/x:1:2\n    at f (/app/node_modules/y/z.js:1:1)';
  console.end(console.server('/'), { to: 1, failed: true, exception: { message: 'bad\nsecond line', stack } });
  assert.equal(console.lines()[1], '     TypeError: bad');
});

test('skips the frames of the agent', () => {
  const console = openConsole();
  const ours = new URL('../../../src/hooks/channels.ts', import.meta.url).href;
  const stack = `Error: x\n    at publish (${ours}:1:2)\n    at /app/my code (1)/main.js:3:4`;
  console.end(console.server('/'), { to: 1, failed: true, exception: { message: 'x', stack } });
  assert.equal(console.lines()[1], '     Error: x   at my code (1)/main.js:3:4');
});

test('identical siblings fold, wherever they stand, and others do not', () => {
  const console = openConsole();
  const root = console.server('/');
  for (let index = 0; index < 12; index++) {
    console.respond(console.client(root, 'http://price/1', index * 10), 200, index * 10 + 5);
    if (index === 3) console.respond(console.client(root, 'http://price/2', 35), 200, 40);
  }
  console.respond(console.client(root, 'http://price/1', 120), 503, 125);
  console.respond(root, 500, 130);
  assert.deepEqual(console.lines().slice(1, 4), [
    '  ├ GET  price/1  ×12                                         200    60 ms  ▏█████████',
    '  ├ GET  price/2                                              200   5.0 ms  ▏  █',
    '  └ GET  price/1                                              503   5.0 ms  ▏         █ ✗',
  ]);
});

test('many siblings that succeeded are counted, the failed ones among them shown', () => {
  const console = openConsole({ isTerminal: false });
  const root = console.server('/');
  for (let index = 0; index < 100; index++) {
    console.respond(console.client(root, `http://price/${index}`, index), index === 77 ? 500 : 200, index + 1);
  }
  console.respond(root, 500, 130);
  const lines = console.lines();
  assert.equal(lines.length, 1 + 20 + 1 + 1 + 1);
  assert.match(lines[21] ?? '', /├ GET {2}price\/77 .* 500 .*✗/);
  assert.equal(lines[22], '  └ … 79 more, all succeeded');
});

test('calls at the same time count once as waiting, and a library over http is one call', () => {
  const console = openConsole();
  const root = console.server('/');
  const got = console.client(root, 'http://a/', 0);
  console.respond(console.client(got, 'http://a/', 1), 200, 19);
  console.respond(got, 200, 20);
  console.respond(console.client(root, 'http://b/', 10), 200, 30);
  console.respond(root, 200, 40);
  assert.match(console.text(), / 2 calls · 30 ms waiting$/);
});

test('children that are no calls are counted as spans', () => {
  const console = openConsole();
  const root = console.server('/');
  console.end(console.begin('middleware', { from: 0, parent: root }), { to: 1 });
  console.respond(root, 200, 2);
  assert.match(console.text(), / 1 span$/);
});

test('a child whose parent is still open hangs from the next one up, and what is open is said', () => {
  const console = openConsole();
  const root = console.server('/');
  const open = console.begin('open', { from: 1, parent: root });
  console.respond(console.client(open, 'http://x/', 2), 500, 3);
  console.respond(root, 500, 4);
  assert.match(console.lines()[1] ?? '', /^ {2}└ GET {2}x\//);
  assert.equal(console.lines()[2], '  … 1 span still open when GET ended');
});

test('a request with a parent in another process is a block of its own', () => {
  const console = openConsole();
  const span = console.begin('GET /', {
    from: 0,
    kind: SpanKind.SERVER,
    parent: remoteParent('9'.repeat(32)),
  });
  console.respond(span, 500, 1);
  assert.equal(console.lines().at(-1), '  trace 999999…');
});

test('a service that calls itself gives one block for each request', () => {
  const console = openConsole();
  const outer = console.server('/outer');
  const call = console.client(outer, 'http://me/inner', 1);
  const { traceId } = call.spanContext();
  const inner = console.begin('GET /inner', { from: 2, kind: SpanKind.SERVER, parent: remoteParent(traceId) });
  console.end(console.begin('work', { from: 3, parent: inner }), { to: 4 });
  console.respond(inner, 200, 5);
  console.respond(call, 200, 6);
  console.respond(outer, 200, 7);
  assert.match(console.lines()[0] ?? '', /GET \/inner .* 1 span$/);
  assert.match(console.lines()[1] ?? '', /GET \/outer .* 1 call · 5.0 ms waiting$/);
});

test('a response that breaks off shows its code and the error', () => {
  const console = openConsole();
  const call = console.client(undefined, 'https://user@host/x', 0);
  console.end(call, {
    to: 5,
    failed: true,
    attributes: { 'http.response.status_code': 200, 'error.type': 'ECONNRESET' },
  });
  assert.equal(console.lines()[0], '12:04:11.302  GET  user@host/x                     200 ECONNRESET   5.0 ms  ✗');
});

test('verbose shows the tree of a success, attributes and the whole trace id', () => {
  const console = openConsole({ verbose: true });
  const root = console.server('/a b');
  console.respond(console.client(root, 'http://x/?a=b c', 1), 500, 2);
  console.respond(root, 200, 3);
  assert.deepEqual(console.lines(), [
    '12:04:11.302  GET /a b                                        200   3.0 ms',
    '  │  http.request.method: GET',
    '  │  url.scheme: http',
    '  │  url.path: "/a b"',
    '  │  http.response.status_code: 200',
    '  └ GET  x/?a=b c                                             500   1.0 ms  ▏   ███ ✗',
    '       http.request.method: GET',
    '       url.full: "http://x/?a=b c"',
    '       http.response.status_code: 500',
    '       error.type: 500',
    '  trace 7f3c9100000000000000000000000000',
  ]);
});

test('without timestamps a block begins with its label', () => {
  const console = openConsole({ timestamps: false });
  console.respond(console.server('/'), 200, 1);
  assert.match(console.text(), /^GET \/ /);
});

test('bars stay within their width when clocks disagree', () => {
  const console = openConsole();
  const root = console.server('/');
  console.respond(console.client(root, 'http://early/', -500), 200, 900);
  console.respond(console.client(root, 'http://after/', 700), 200, 701);
  console.respond(root, 500, 100);
  assert.match(console.lines()[1] ?? '', / 1.40 s {2}▏██████████$/);
  assert.match(console.lines()[2] ?? '', / 1.0 ms {2}▏ {9}█$/);
});
