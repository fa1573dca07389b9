// Used by the client tests: runs a program of many cases, and shows that its spans came while it was still alive, each once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import type { Sink } from '../support/otlp-sink.ts';
import { runProgram, type ProgramOptions } from '../support/run-program.ts';
import { startTraced } from '../integration/traced.ts';

/**
 * Runs a program without the agent and with it, which must print the same. A program that has an IPC channel stays when it is done: what it left open
 * shows as a span that is sent only when it is told to exit.
 */
export async function runCases(
  t: TestContext,
  sink: Sink,
  { spans: count, ...options }: ProgramOptions & { spans: number },
): Promise<ReceivedSpan[]> {
  const [plain, traced] = await Promise.all([runProgram(options), startTraced(t, options)]);
  await sink.waitForSpans(count);
  const exited = once(traced.child, 'exit');
  traced.child.kill('SIGTERM');
  await exited;
  const { stdout, stderr } = await traced.exited;
  assert.equal(stdout, plain.stdout);
  assert.equal(stderr, plain.stderr);
  assert.equal(new Set(sink.spans.map(({ spanId }) => spanId)).size, sink.spans.length, 'a span ended twice');
  return sink.spans;
}
