import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { cut, displayWidth, toVisible } from '../../../src/exporters/console/display-text.ts';
import { openConsole, playFailedCart, playGoodCart, REFUSED, type TestConsole } from './spans.ts';

// Everything a terminal could act on, and what reorders or hides text; the line end is ours.
const ACTIVE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

function playHostile(console: TestConsole, text: string): void {
  const root = console.server(`/${text}`, 0, { [text]: text });
  const call = console.client(root, `http://x/${text}`, 0);
  const stack = `Error: ${text}\n    at ${text} (/app/${text}.js:1:1)`;
  console.end(call, { to: 1, failed: true, attributes: { 'error.type': text }, exception: { message: text, stack } });
  console.end(console.begin(text, { from: 1, parent: root }), { to: 2, failed: text });
  root.addEvent(text, { [text]: text });
  const late = console.client(root, `http://late/${text}`, 1);
  console.respond(root, 500, 5);
  console.respond(late, 200, 6);
}

test('a hostile name, URL or message cannot move the cursor, end the line or turn the text around', () => {
  const text = 'a\x1b[2J\x1b]0;owned\x07\r\nfake 200\u009b31m\b\b\u202egnp.exe\u2028\u{e0041}\ud800';
  for (const mode of ['tree', 'line', 'json'] as const) {
    for (const isTerminal of [true, false]) {
      const console = openConsole({ mode, isTerminal, verbose: true, width: 300 });
      playHostile(console, text);
      assert.doesNotMatch(console.text(), ACTIVE);
      assert.ok(console.text().isWellFormed());
      assert.match(console.text(), mode === 'json' ? /a\\u001b\[2J/ : /a\\x1b\[2J/);
      assert.equal(console.lines().filter((line) => line.startsWith('fake')).length, 0);
    }
  }
});

test('whatever a span says, every line is clean and fits the terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 240 }), (text, width) => {
      const console = openConsole({ width, verbose: true });
      playHostile(console, text);
      for (const line of console.lines()) {
        assert.doesNotMatch(line, ACTIVE);
        assert.ok(displayWidth(line) <= Math.max(60, width || 80), `${displayWidth(line)} columns: ${line}`);
      }
    }),
    { numRuns: 200 },
  );
});

test('JSON lines stay JSON whatever a span says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const console = openConsole({ mode: 'json' });
      const span = console.server(`/${text}`);
      span.updateName(text);
      console.respond(span, 200, 1);
      assert.equal(JSON.parse(console.text()).name, text);
    }),
  );
});

test('60 columns are the least, and no bars fit', () => {
  for (const width of [20, 60]) {
    const console = openConsole({ width });
    playFailedCart(console);
    playGoodCart(console);
    assert.deepEqual(console.lines(), [
      '12:04:11.302  GET /cart/:id                 500   184 ms  ✗',
      '  ├ GET  inventory:4001/stock/42?key=REDA…  200    61 ms',
      '  ├ GET  pricing:4002/price/42     ECONNREFUSED   118 ms  ✗',
      '  │    Error: connect ECONNREFUSED 127.0.0.1:4002   at getP…',
      '  └ event  "price lookup failed" {sku: 42}',
      '  trace 7f3c91…',
      '12:04:12.010  GET /cart/:id                 200    74 ms',
    ]);
  }
});

test('80 columns, as where the terminal does not say', () => {
  for (const width of [80, undefined]) {
    const console = openConsole({ width });
    playFailedCart(console);
    playGoodCart(console);
    const lines = console.lines();
    assert.equal(lines[2], '  ├ GET  pricing:4002/price/42              ECONNREFUSED   118 ms  ▏   ██████ ✗');
    assert.equal(lines[6], '12:04:12.010  GET /cart/:id                          200    74 ms   2 calls');
  }
});

test('200 columns give longer bars and uncut labels', () => {
  const console = openConsole({ width: 200 });
  const root = console.server('/');
  const path = 'p/'.repeat(50);
  console.respond(console.client(root, `http://x/${path}`, 0), 200, 50);
  console.respond(root, 500, 100);
  assert.ok(console.lines()[1]?.startsWith(`  └ GET  x/${path}  `));
  assert.ok(console.lines()[1]?.endsWith(`50 ms  ▏${'█'.repeat(10)}`));
});

test('text that goes to a file is not cut, has no bars and no colour', () => {
  const console = openConsole({ isTerminal: false, width: 60 });
  const root = console.server('/');
  const path = 'p/'.repeat(200);
  console.respond(console.client(root, `http://x/${path}`, 0), 500, 50);
  console.respond(root, 500, 100);
  assert.equal(console.lines()[1], `  └ GET  x/${path}  500    50 ms  ✗`);
});

test('a folded sibling keeps its count when its label is cut', () => {
  const console = openConsole({ width: 60 });
  const root = console.server('/');
  for (const from of [0, 10]) console.respond(console.client(root, `http://x/${'p/'.repeat(50)}`, from), 200, from + 5);
  console.respond(root, 500, 100);
  assert.equal(console.lines()[1], '  └ GET  x/p/p/p/p/p/p/p/p/p/p/p/p/p/…  ×2  200    10 ms');
});

test('wide letters and emoji keep the columns', () => {
  const console = openConsole({ width: 60 });
  const root = console.server('/買い物/かご');
  console.respond(console.client(root, 'http://x/👩‍👩‍👧‍👦/🇯🇵/é/日本語日本語日本語日本語', 0), 200, 50);
  console.respond(root, 500, 100);
  assert.deepEqual(console.lines().slice(0, 2), [
    '12:04:11.302  GET /買い物/かご              500   100 ms  ✗',
    '  └ GET  x/👩‍👩‍👧‍👦/🇯🇵/é/日本語日本語日本語日本…  200    50 ms',
  ]);
});

test('measures and cuts by columns, never within a letter', () => {
  assert.equal(displayWidth('日本'), 4);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('👍🏽'), 2);
  assert.equal(cut('日本語', 4), '日…');
  assert.equal(cut('日本語', 6), '日本語');
  assert.equal(cut('ab👍🏽cd', 4), 'ab…');
  assert.equal(cut('abc', 0), '');
  assert.equal(cut(`a${'\u0301'.repeat(500)}b`, 5), '…');
});

test('long text is bounded before it is looked at', () => {
  assert.equal(toVisible('x'.repeat(1_000_000)).length, 8_193);
});

test('colour changes nothing but the colour, and without it there is no escape byte', () => {
  const [plain, colored] = [false, true].map((color) => {
    const console = openConsole({ color });
    playFailedCart(console);
    playGoodCart(console);
    console.end(console.server('/'), { to: 1, failed: true, exception: REFUSED });
    return console.text();
  });
  assert.ok(plain !== undefined && colored !== undefined);
  assert.doesNotMatch(plain, /\x1b/);
  assert.equal(stripVTControlCharacters(colored), plain);
  assert.match(colored, /\x1b\[31mError: connect ECONNREFUSED/);
  assert.match(colored, /\x1b\[31m500\x1b\[39m/);
});
