// Used by the tests of this folder: a traced server whose source stands in the test, and raw connections to it.
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { startSurroundings, startTraced, type Surroundings } from '../integration/traced.ts';
import type { RunningProgram } from '../support/run-program.ts';

export interface TracedServer extends Surroundings {
  program: RunningProgram;
  port: number;
}

/** Before every server: modules, and `child(name)`, which makes a span where it is called. */
const PRELUDE = `
  const http = require('node:http'), https = require('node:https'), net = require('node:net'), fs = require('node:fs');
  const { setTimeout: sleep } = require('node:timers/promises');
  const { trace, context } = require('@opentelemetry/api');
  const child = (name) => trace.getTracer('app').startSpan(name).end();
  const listen = (server, ...where) => server.listen(...(where.length ? where : [0, '127.0.0.1']), () =>
    process.send({ port: server.address().port ?? 0 }));
`;

/** Runs \`code\`, which calls \`listen(server)\`, with the agent. */
export async function startServer(
  t: TestContext,
  code: string,
  { env = {}, flags = [] }: { env?: Record<string, string>; flags?: readonly string[] } = {},
): Promise<TracedServer> {
  const surroundings = await startSurroundings(t);
  const program = await startTraced(t, { code: PRELUDE + code, env: { ...surroundings.env, ...env }, flags });
  return { ...surroundings, program, port: program.port };
}

/** A connection that sends \`text\` at once; it is closed when the test ends. */
export function open(t: TestContext, port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return socket;
}

/** Resolves with all that arrived once it matches; rejects when the connection closes before. */
export function read(socket: Socket, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (wanted.test(text)) resolve(text);
    });
    socket.once('close', () => reject(new Error(`closed before ${wanted} came: ${JSON.stringify(text)}`)));
  });
}

/** Resolves when the connection is closed, in whatever way. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.resume().once('close', () => resolve());
  });
}

/** Resolves once `isThere` finds what it looks for in all that the program printed. */
export function printed(program: RunningProgram, isThere: (text: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const { stdout } = program.child;
    const look = (): void => {
      if (!isThere(program.stdout())) return;
      stdout?.off('data', look);
      resolve();
    };
    stdout?.on('data', look);
    program.exited.then(({ stderr }) => reject(new Error(`ended before it printed that: ${stderr}`)), reject);
    look();
  });
}

/** The head of a request. */
export const head = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: shop.example', ...headers, '', ''].join('\r\n');
