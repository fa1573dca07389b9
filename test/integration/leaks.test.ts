// What a server holds after thousands of requests, whatever became of them, while its connections, a timer and two pools of connections stay open.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { amountOf, casesOf } from '../support/every-case.ts';
import { closedPort } from '../support/otlp-sink.ts';
import { type RunningProgram, agentFlags, startProgram } from '../support/run-program.ts';

/** Of ten requests: how each of them ends. */
const WAYS = '/hello /hello /hello /call /fetch /call-refused /fetch-refused /fetch-aborted /long-lived /hang'.split(
  ' ',
);
const ROUND = amountOf(80, 60) * WAYS.length;
const ROUNDS = amountOf(4, 2);
const CONNECTIONS = 4;
/**
 * Node keeps the context in which a timer or a socket was made, as long as that lives: the keep-alive timer of a connection, the connections of
 * the two pools, and one interval. So many spans may be alive, however many requests there were.
 */
const MOST_SPANS = 4 * CONNECTIONS + 8;
/** More than without the agent, where Node itself still warms up by some hundred bytes: a span takes some 2000. */
const MOST_BYTES_A_REQUEST = 500;

/** In bytes, after a collection. */
interface Memory {
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/** How many are alive. */
interface Alive {
  readonly spans: number;
  readonly contexts: number;
  readonly requests: number;
}

/** Resolves when the request is over; one that is never answered is given up by its client. */
function ask(agent: Agent, port: number, path: string): Promise<void> {
  return new Promise((resolve) => {
    const isLeft = path === '/hang';
    const sent = get({ agent: isLeft ? false : agent, port, host: '127.0.0.1', path }, (response) => {
      response.resume().on('end', resolve);
    });
    sent.on('error', () => resolve());
    if (isLeft) sent.on('finish', () => setTimeout(() => sent.destroy(), 1));
  });
}

async function serveRound(agent: Agent, port: number): Promise<void> {
  const paths = Array.from({ length: ROUND }, (_, index) => WAYS[index % WAYS.length] ?? '').values();
  const serve = async (): Promise<void> => {
    for (const path of paths) await ask(agent, port, path);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, serve));
}

async function measure<T>(program: RunningProgram, count: boolean): Promise<T> {
  const answer = once(program.child, 'message') as Promise<[T]>;
  program.send({ count });
  return (await answer)[0];
}

/** Bytes once what is on its way to the receiver is there: the least that it comes to. */
async function settle(program: RunningProgram): Promise<number> {
  let least = Infinity;
  for (let tries = 0; tries < 10; tries++) {
    const { heapBytes, externalBytes } = await measure<Memory>(program, false);
    if (heapBytes + externalBytes >= least) break;
    least = heapBytes + externalBytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return least;
}

/** A server that reads everything and answers it, but what is called /hang. */
async function startAnswering(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== '/hang') request.on('end', () => response.end());
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Receiver = 'healthy' | 'dead' | 'without agent';

interface Left {
  /** Bytes that each request has left. */
  readonly growth: number;
  readonly alive: Alive;
}

async function serveRounds(t: TestContext, receiver: Receiver): Promise<Left> {
  const refused = `http://127.0.0.1:${await closedPort()}`;
  const env = {
    BACKEND: await startAnswering(t),
    REFUSED: refused,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver === 'healthy' ? await startAnswering(t) : refused,
    OTEL_BSP_SCHEDULE_DELAY: '20',
    // So that it is full before anything is measured.
    OTEL_BSP_MAX_QUEUE_SIZE: '64',
  };
  const flags = ['--expose-gc', ...(receiver === 'without agent' ? [] : agentFlags)];
  const program = await closeAfter(t, startProgram({ program: 'memory.cjs', flags, env }));
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  t.after(() => agent.destroy());
  const bytes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await serveRound(agent, program.port);
    bytes.push(await settle(program));
  }
  // The first round fills the pools.
  const growth = Math.round(((bytes.at(-1) ?? 0) - (bytes[0] ?? 0)) / ((ROUNDS - 1) * ROUND));
  const alive = await measure<Alive>(program, true);
  t.diagnostic(`${receiver}: ${growth} bytes a request; alive: ${JSON.stringify(alive)}`);
  return { growth, alive };
}

suite('what requests leave behind', () => {
  test('is what they leave without the agent', async (t) => {
    const [bare, ...traced] = await Promise.all([
      serveRounds(t, 'without agent'),
      ...casesOf(['healthy', 'dead'] as const, 1).map((receiver) => serveRounds(t, receiver)),
    ]);
    for (const { growth, alive } of traced) {
      const more = growth - bare.growth;
      assert.ok(more < MOST_BYTES_A_REQUEST, `${more} bytes a request more than without the agent`);
      assert.ok(alive.spans <= MOST_SPANS, `${alive.spans} spans of finished requests are alive`);
      assert.ok(alive.contexts <= 2 * MOST_SPANS, `${alive.contexts} contexts are alive`);
      assert.ok(alive.requests <= 2 * CONNECTIONS, `${alive.requests} requests are alive`);
    }
  });
});
