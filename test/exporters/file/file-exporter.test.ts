import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Destination, EncodedBatch } from '../../../src/exporters/destination.ts';
import { createFileExporter } from '../../../src/exporters/file/file-exporter.ts';
import { decodeJson } from '../../support/otlp-decode.ts';
import { makeSpan, makeSpans } from '../../pipeline/spans.ts';

const { signal } = new AbortController();

function toBatch(...spans: ReadableSpan[]): EncodedBatch {
  const body = JsonTraceSerializer.serializeRequest(spans);
  assert(body);
  return { body, bytes: body.length, items: spans.length };
}

/** One attempt that succeeds, or rejects with the reason. */
async function write(exporter: Destination, ...spans: ReadableSpan[]): Promise<void> {
  const outcome = await exporter.send(toBatch(...spans), signal).outcome;
  if (!outcome.taken) {
    assert.equal(outcome.again, true);
    throw outcome.reason;
  }
}

function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'spans.jsonl');
  return { folder, path, exporter: createFileExporter({ path, address: 'spans.jsonl' }) };
}

/** The names of the spans in every line. */
const readNames = (path: string): string[][] => {
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines.pop(), '');
  return lines.map((line) => decodeJson(Buffer.from(line)).map(({ name }) => name));
};

suite('the file exporter', () => {
  test('appends one line for each batch, also while the process leaves, to what is there', async (t) => {
    const { path, exporter } = setUp(t);
    await write(exporter, ...makeSpans(['a', 'b\n']));
    const results = exporter.startSendBlocking([toBatch(makeSpan('c')), toBatch(makeSpan('d'))], 1000)();
    assert.deepEqual(results, [{ taken: true }, { taken: true }]);
    await write(createFileExporter({ path, address: '' }), makeSpan('e'));
    assert.deepEqual(readNames(path), [['a', 'b\n'], ['c'], ['d'], ['e']]);
  });

  test('makes the file for its owner only, and leaves the mode of one that is there', async (t) => {
    const { folder, path, exporter } = setUp(t);
    await write(exporter, makeSpan('a'));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const open = join(folder, 'open.jsonl');
    writeFileSync(open, '', { mode: 0o644 });
    createFileExporter({ path: open, address: '' }).startSendBlocking([toBatch(makeSpan('a'))], 1000)();
    assert.equal(statSync(open).mode & 0o777, 0o644);
  });

  test('finds its file again after it was taken away', async (t) => {
    const { path, exporter } = setUp(t);
    await write(exporter, makeSpan('a'));
    rmSync(path);
    await write(exporter, makeSpan('b'));
    assert.deepEqual(readNames(path), [['b']]);
  });

  test('counts as written once the system has the batch, not while the file is being opened', async (t) => {
    const { exporter } = setUp(t);
    const attempt = exporter.send(toBatch(makeSpan('a')), signal);
    assert.equal(attempt.isWritten(), false);
    await attempt.outcome;
    assert.equal(attempt.isWritten(), true);
  });

  test('says why a batch was not written: no folder, a full disk, no time', async (t) => {
    const { folder, exporter } = setUp(t);
    for (const [path, reason] of [
      [join(folder, 'missing/spans.jsonl'), /ENOENT/],
      [folder, /EISDIR/],
      ['/dev/full', /ENOSPC/],
    ] as const) {
      const failing = createFileExporter({ path, address: '' });
      await assert.rejects(write(failing, makeSpan('a')), reason);
      const [result] = failing.startSendBlocking([toBatch(makeSpan('a'))], 1000)();
      assert(result?.taken === false);
      assert.match(result.reason, reason);
    }
    assert.deepEqual(exporter.startSendBlocking([toBatch(makeSpan('a'))], -1)(), [
      { taken: false, reason: 'no time left to write it', again: true },
    ]);
  });

  test('waits for no reader of a pipe, and begins a new line after one that broke off', async (t) => {
    const { path, exporter } = setUp(t);
    execFileSync('mkfifo', [path]);
    await assert.rejects(write(exporter, makeSpan('a')), /ENXIO/);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    t.after(() => closeSync(reader));
    const read = (): string => {
      const buffer = Buffer.alloc(1_000_000);
      return buffer.toString('utf8', 0, readSync(reader, buffer));
    };
    const big = makeSpans(['a'], { text: 'x'.repeat(500_000) });
    await assert.rejects(write(exporter, ...big), /only a part/);
    assert.match(read(), /^\{.*x$/);
    await write(exporter, makeSpan('b'));
    assert.match(read(), /^\n\{.*\}\n$/);
    await write(exporter, makeSpan('c'));
    assert.match(read(), /^\{.*\}\n$/);
  });
});
