// Used by the tests of this folder: a program run twice, without and with the agent, and what of it reached a real OTLP receiver.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { startBackend, type Backend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { startSink, type Sink } from '../support/otlp-sink.ts';
import {
  patientFlags,
  runProgram,
  startProgram,
  type Exit,
  type ProgramOptions,
  type RunningProgram,
} from '../support/run-program.ts';

export interface Surroundings {
  sink: Sink;
  backend: Backend;
  /** BACKEND, the sink's endpoint, and a short wait before spans are sent. */
  env: Record<string, string>;
}

/** A sink and a backend that end with the test. */
export async function startSurroundings(t: TestContext, options: { tls?: boolean } = {}): Promise<Surroundings> {
  const [sink, backend] = await Promise.all([closeAfter(t, startSink()), closeAfter(t, startBackend(options))]);
  const env = {
    BACKEND: backend.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    OTEL_BSP_SCHEDULE_DELAY: '20',
  };
  return { sink, backend, env };
}

/** Runs a program without and with the agent, and checks that it prints the same and ends the same; the agent says nothing, of errors of its own neither. */
export async function runTraced({ flags = [], ...options }: ProgramOptions): Promise<Exit> {
  const [plain, traced] = await Promise.all([
    runProgram({ ...options, flags }),
    runProgram({ ...options, flags: [...patientFlags, ...flags] }),
  ]);
  assertSame(traced, plain);
  return traced;
}

/** A run with the agent prints what the run without it does, and ends as it does. */
export function assertSame(traced: Exit, plain: Exit): void {
  assert.deepEqual([traced.stdout, traced.code, traced.signal], [plain.stdout, plain.code, plain.signal]);
  assert.equal(traced.stderr, plain.stderr);
}

/** Starts a server with the agent; it is killed when the test ends. */
export function startTraced(t: TestContext, options: ProgramOptions): Promise<RunningProgram> {
  return closeAfter(t, startProgram({ ...options, flags: [...patientFlags, ...(options.flags ?? [])] }));
}

/** Sends bytes as they are and resolves with everything that came back, once the server closes the connection. */
export function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (answer += piece));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

/** The text of a raw GET whose connection closes after it. */
export const rawGet = (target: string, headers = '', last = true): string =>
  `GET ${target} HTTP/1.1\r\nHost: shop.example\r\n${headers}${last ? 'Connection: close\r\n' : ''}\r\n`;
