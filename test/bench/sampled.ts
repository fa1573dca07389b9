// Run by hand, `node test/bench/sampled.ts`: what the agent costs a request, sampled, unsampled, and where dropped traces may be kept.
// Real messages of Node pass through the real instrumentations; no network, so that the agent is what is measured.
import { channel } from 'node:diagnostics_channel';
import http, { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { ROOT_CONTEXT, context } from '@opentelemetry/api';
import type { Config } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createCapture } from '../../src/instrumentations/capture/capture.ts';
import { enableHttpClient } from '../../src/instrumentations/http/client.ts';
import { enableHttpServer } from '../../src/instrumentations/http/server.ts';
import { toMethodFacts } from '../../src/http-semconv/method.ts';
import { createTraceHeaders } from '../../src/instrumentations/trace-headers.ts';
import { enableUndici } from '../../src/instrumentations/undici/undici.ts';
import { startPipeline } from '../../src/pipeline/start-pipeline.ts';
import { createTraffic } from '../../src/pipeline/threads/thread-start.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { register } from '../../src/registration.ts';
import { createUrlRules } from '../../src/url-rules/url-rules.ts';

const { config: defaults } = readConfig({ env: { TRACING_CONFIG: 'none' }, entry: undefined, cwd: '/' });
const TARGET = '/v1/orders?page=2&limit=20&token=ZVbjSvw4jgUXJ89bzjZp';

/** Runs `measure` under the agent as `changes` configure it. */
function withAgent<T>(changes: Partial<Config>, measure: () => T): T {
  const config: Config = { ...defaults, ...changes };
  const redactor = createRedactor();
  const nowhere = {
    address: 'nowhere',
    encoding: 'protobuf' as const,
    maxBatchBytes: 1e6,
    maxInFlight: 1,
    send: () => ({ outcome: Promise.resolve({ taken: true as const }), isWritten: () => true }),
    startSendBlocking: () => () => [],
  };
  const pipeline = startPipeline({
    config,
    redactor,
    scope: { name: 'bench', version: '0' },
    logfire: [],
    destinations: [nowhere],
    beforeExitFlush: () => {},
    cwd: '/',
    processors: [],
    traffic: createTraffic(),
  });
  const registration = register(() => pipeline);
  const tools = {
    tracer: pipeline.tracer,
    sampling: pipeline.sampling,
    redactor,
    urlRules: createUrlRules({ redactor, ignore: config['url.ignore'], rules: config['url.rules'], filter: undefined }),
    capture: createCapture(config),
    traceHeaders: createTraceHeaders(config['propagation.to']),
    trustForwarded: config['http.trustForwarded'],
    toMethodFacts,
    requireParent: config['http.requireParent'],
  };
  const parts = [enableHttpServer, enableHttpClient, enableUndici].map((enable) => enable(tools));
  try {
    return measure();
  } finally {
    for (const part of [...parts, registration, pipeline]) part[Symbol.dispose]();
  }
}

const server = {
  start: channel('http.server.request.start'),
  finish: channel('http.server.response.finish'),
};
const undici = { start: channel('undici:request:create'), end: channel('undici:request:trailers') };
const agent = Object.assign(new http.Agent(), { addRequest: () => {} });

const exchanges: Readonly<Record<string, () => void>> = {
  'http server': () => {
    const socket = new Socket();
    const request = new IncomingMessage(socket);
    Object.assign(request, { method: 'GET', url: TARGET, httpVersion: '1.1' });
    Object.assign(request.headers, { host: 'shop.example', accept: '*/*', 'user-agent': 'bench/1.0' });
    const response = new ServerResponse(request);
    context.with(ROOT_CONTEXT, () => {
      if (server.start.hasSubscribers) server.start.publish({ request, response, socket, server: undefined });
      if (server.finish.hasSubscribers) server.finish.publish({ request, response, socket, server: undefined });
    });
    // What was taken out of the set when the response finished needs no listener any more.
    socket.removeAllListeners('close');
  },
  'http client': () => {
    const request = http.request({ host: 'shop.example', path: TARGET, agent });
    request.emit('close');
  },
  'fetch, undici': () => {
    const headers: string[] = [];
    const request = {
      origin: 'https://shop.example',
      path: TARGET,
      method: 'GET',
      headers,
      addHeader: (name: string, value: string) => headers.push(name, value),
    };
    if (!undici.start.hasSubscribers) return;
    undici.start.publish({ request });
    undici.end.publish({ request });
  },
};

/** Of seven rounds the fastest. */
function microsPerRun(run: () => void): number {
  for (let warm = 0; warm < 5000; warm++) run();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const start = process.hrtime.bigint();
    for (let count = 0; count < 5000; count++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 5_000_000);
  }
  return best;
}

const variants: Readonly<Record<string, Partial<Config>>> = {
  sampled: {},
  unsampled: { 'sampling.ratio': 0 },
  'unsampled, 5 rules': {
    'sampling.ratio': 0,
    'url.rules': ['/poll', '/static/*', '/users/:id', '/admin/*', '/carts/:id'].map((match) => ({
      match,
      sample: 0.1,
    })),
  },
  'unsampled, keep errors': { 'sampling.ratio': 0, 'sampling.keep': { errors: true } },
};

console.log(
  `microseconds that the agent adds to a request\n${' '.repeat(26)}${Object.keys(exchanges)
    .map((name) => name.padStart(15))
    .join('')}`,
);
const base = Object.values(exchanges).map(microsPerRun);
for (const [name, changes] of Object.entries(variants)) {
  const micros = withAgent(changes, () => Object.values(exchanges).map(microsPerRun));
  const added = micros.map((time, index) => (time - (base[index] ?? 0)).toFixed(2).padStart(15));
  console.log(`${name.padEnd(26)}${added.join('')}`);
}
