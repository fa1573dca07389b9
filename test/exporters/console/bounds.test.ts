import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { trace, TraceFlags } from '@opentelemetry/api';
import { openConsole, REFUSED, START } from './spans.ts';
import { cpuMillisOf } from '../../support/cpu-millis.ts';

test('a child that ends after its root is one line that names the trace', () => {
  const console = openConsole();
  const root = console.server('/');
  const call = console.client(root, 'http://slow/', 5);
  console.respond(root, 200, 10);
  console.end(call, { to: 900, failed: true, attributes: { 'error.type': 'ECONNREFUSED' }, exception: REFUSED });
  assert.deepEqual(console.lines().slice(1), [
    '12:04:11.307  late in trace 7f3c91…  GET  slow/      ECONNREFUSED   895 ms  ✗',
    '     Error: connect ECONNREFUSED 127.0.0.1:4002   at getPrice (src/cart.ts:31:18)',
  ]);
});

test('a child that starts after its root has ended is late as well', () => {
  const console = openConsole();
  const root = console.server('/');
  console.respond(root, 200, 10);
  const call = console.client(root, 'http://after/', 20);
  const below = console.client(call, 'http://below/', 21);
  console.respond(below, 200, 30);
  console.respond(call, 200, 31);
  assert.match(console.lines()[1] ?? '', /late in trace 7f3c91… {2}GET {2}below\//);
  assert.match(console.lines()[2] ?? '', /late in trace 7f3c91… {2}GET {2}after\//);
});

test('spans beyond the cap are counted, and the failed ones among them open the block', () => {
  const console = openConsole({ maxSpansPerRoot: 3, isTerminal: false });
  const root = console.server('/');
  for (let index = 0; index < 5; index++) {
    const call = console.client(root, `http://x/${index}`, index);
    console.respond(console.client(call, `http://below/${index}`, index), index === 4 ? 500 : 200, index + 1);
    console.respond(call, 200, index + 1);
  }
  console.respond(root, 200, 9);
  assert.deepEqual(console.writes.length, 1);
  assert.deepEqual(console.lines().slice(-2), ['  … 7 more spans, 1 failed: only 3 are kept', '  trace 7f3c91…']);
});

test('a folded request counts the spans beyond the cap', () => {
  const console = openConsole({ maxSpansPerRoot: 1, isTerminal: false });
  const root = console.server('/');
  console.respond(console.client(root, 'http://x/', 0), 200, 1);
  console.respond(console.client(root, 'http://y/', 0), 200, 1);
  console.respond(root, 200, 9);
  assert.match(console.text(), / 1 call · 1.0 ms waiting · 1 more$/);
});

test('beyond the cap of open requests the oldest is let go and its spans stand alone', () => {
  const console = openConsole({ maxRoots: 2, isTerminal: false });
  const oldest = console.server('/oldest');
  const open = console.client(oldest, 'http://open/', 1);
  console.respond(console.client(oldest, 'http://held/', 1), 200, 2);
  const second = console.server('/second', 3);
  const third = console.server('/third', 4);
  console.respond(third, 200, 5);
  console.respond(open, 200, 6);
  console.respond(oldest, 500, 7);
  console.respond(second, 200, 8);
  assert.deepEqual(
    console.lines().map((line) => line.slice(14, 62).trim()),
    [
      'spans not shown: 1, more than 2 requests are ope',
      'GET /third',
      'late in trace 7f3c91…  GET  open/',
      'GET /oldest',
      '…',
      'GET /second',
    ],
  );
});

test('work below a context made by hand is a block of its own', () => {
  const console = openConsole();
  const parent = trace.wrapSpanContext({
    traceId: '5'.repeat(32),
    spanId: '5'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  });
  const span = console.begin('job', { from: 0, parent });
  console.respond(console.client(span, 'http://x/', 1), 500, 2);
  console.end(span, { to: 3 });
  assert.equal(console.writes.length, 1);
  assert.equal(console.lines().at(-1), '  trace 555555…');
});

test('a request that still runs is said once, with what was known at its birth', async () => {
  let now = START;
  const console = openConsole({ slowAfterMillis: 20, now: () => now });
  const slow = console.server('/slow/1');
  const quick = console.server('/quick', 1);
  console.respond(quick, 200, 2);
  // Set by other code and not yet redacted: not to be shown before the span has ended.
  slow.updateName('GET /slow?secret=1');
  slow.setAttribute('url.path', '/secret');
  now += 2_000;
  await sleep(60);
  await sleep(60);
  console.respond(slow, 200, 2_100);
  const [quickLine, slowLine, ...rest] = console.lines();
  assert.match(quickLine ?? '', /GET \/quick/);
  assert.equal(slowLine, '12:04:13.302  GET /slow/1  still running after 2 s');
  assert.equal(rest.length, 1);
});

test('one timer watches all requests', async () => {
  let timers = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'Timeout') timers++;
    },
  }).enable();
  const console = openConsole({ slowAfterMillis: 10_000 });
  for (let index = 0; index < 50; index++) console.respond(console.server(`/${index}`), 200, 1);
  hook.disable();
  await console.processor.shutdown();
  assert.equal(timers, 1);
});

test('a request that is still open keeps no process alive', () => {
  const program = `
    const { openConsole } = await import(${JSON.stringify(new URL('spans.ts', import.meta.url).href)});
    openConsole({ slowAfterMillis: 60_000 }).server('/');`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 120_000 });
  assert.deepEqual({ status, signal }, { status: 0, signal: null });
});

test('the end says which requests are still running', async () => {
  const console = openConsole();
  console.server('/a');
  console.server('/b');
  await console.processor.shutdown();
  assert.equal(console.text(), '12:04:11.302  still running at the end: GET /a · GET /b');
});

test('a broken terminal costs the drawing, not the line, and never the application', () => {
  const writes: string[] = [];
  const console = openConsole({
    columns: () => {
      throw new Error('no terminal');
    },
    write: (text) => writes.push(text),
  });
  console.respond(console.server('/'), 200, 5);
  assert.deepEqual(writes, ['GET  5 ms\n']);
});

test('a writer that throws does not reach the application', () => {
  for (const mode of ['tree', 'line', 'json'] as const) {
    const console = openConsole({
      mode,
      write: () => {
        throw new Error('EPIPE');
      },
    });
    console.respond(console.server('/'), 200, 5);
  }
});

test('a chain of hundreds of spans is drawn in no time', () => {
  const console = openConsole({ width: 80 });
  const root = console.server('/');
  const chain = [root];
  for (let depth = 0; depth < 200; depth++) {
    const parent = chain.at(-1) ?? root;
    console.end(console.begin('beside', { from: 0, parent }), { to: 1 });
    chain.push(console.begin('step', { from: 0, parent }));
  }
  const millis = cpuMillisOf(() => {
    for (const span of chain.toReversed()) console.end(span, { to: 2, failed: span === root });
  });
  assert.ok(millis < 1_000, `${millis} ms`);
  assert.ok(console.text().length < 100_000);
});
