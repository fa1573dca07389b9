// The cases of the policy end to end: what three clients really send and a server really receives, searched for in all that leaves the process.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import { createLeakFinder, isKept } from '../redaction/leak-forms.ts';
import { startBackend, type BackendRequest } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { startSink, type Sink } from '../support/otlp-sink.ts';
import { agentFlags, runProgram } from '../support/run-program.ts';
import { startTraced } from './traced.ts';

interface Case {
  id: string;
  kind: 'client' | 'server' | 'string';
  input: string;
  secrets: string[];
  must_keep: string[];
}

const cases = JSON.parse(readFileSync(new URL('../redaction/cases.json', import.meta.url), 'utf8')) as Case[];
const secrets = cases.flatMap((one) => one.secrets);

/** Both encodings of OTLP and every mode of the console, in as few processes as that takes. */
const outputs = [
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', TRACING_CONSOLE: 'tree', LOGFIRE_CONSOLE_VERBOSE: 'true' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', TRACING_CONSOLE: 'line' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', TRACING_CONSOLE: 'json' },
] as const;

/**
 * The fewest of the 55 client cases that each client really sends, on every Node: 47, 52, 43 and 53 on Node 24.
 * fetch refuses userinfo, and all of them what is no URL to them.
 */
const SENT_BY: Readonly<Record<string, number>> = { 'http path': 45, 'http url': 50, fetch: 41, undici: 51 };
/** The fewest of the 124 server cases that Node's parser lets through: 120 on Node 24. */
const RECEIVED = 118;

function assertNoLeak(place: string, output: string): void {
  assert.notEqual(output, '', `${place} is empty`);
  const findLeak = createLeakFinder(output);
  for (const secret of secrets) assert.equal(findLeak(secret), undefined, `${place} shows a secret`);
}

/** What a span says of its request, put together again, with everything else it says. */
const joinedAttributes = ({ attributes }: ReceivedSpan): string => {
  const { 'url.path': path, 'url.query': query } = attributes as Record<string, string | undefined>;
  return [[path, query].filter((part) => part !== undefined).join('?'), ...Object.values(attributes)].join('\n');
};

/** What of the case's `must_keep` was sent is still told. */
function assertKept(one: Case, sent: string, span: ReceivedSpan): void {
  const told = joinedAttributes(span);
  for (const text of one.must_keep) {
    if (isKept(sent, text)) assert.ok(isKept(told, text), `${one.id}: lost ${text} in ${told}`);
  }
}

const caseOf = (id: unknown): Case => {
  const found = cases.find((one) => one.id === id);
  assert.ok(found, `no case ${String(id)}`);
  return found;
};

const startTools = async (t: TestContext): Promise<{ sink: Sink; env: Record<string, string> }> => {
  const sink = await closeAfter(t, startSink());
  return { sink, env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: '20' } };
};

const titleOf = (output: (typeof outputs)[number]): string =>
  `${output.OTEL_EXPORTER_OTLP_PROTOCOL} or on the console as ${output.TRACING_CONSOLE}`;

suite('no secret leaves', { concurrency: 3 }, () => {
  for (const output of casesOf(outputs, 1)) {
    test(`by a client span in ${titleOf(output)}`, async (t) => {
      const { sink, env } = await startTools(t);
      const [plain, tls] = await Promise.all([
        closeAfter(t, startBackend()),
        closeAfter(t, startBackend({ tls: true })),
      ]);
      const { code, stderr } = await runProgram({
        program: 'case-client.mjs',
        flags: agentFlags,
        env: { ...env, ...output, BACKEND_PORT: String(plain.port), BACKEND_TLS_PORT: String(tls.port) },
        input: JSON.stringify(cases.filter(({ kind }) => kind === 'client').map(({ id, input }) => ({ id, input }))),
        timeoutMillis: 120_000,
      });
      assert.equal(code, 0);
      const requests = [...plain.requests, ...tls.requests];
      const spans = await sink.waitForSpans(requests.length);
      for (const [client, floor] of Object.entries(SENT_BY)) {
        const sent = requests.filter(({ headers }) => headers['x-client'] === client);
        assert.ok(sent.length >= floor, `${client} sent ${sent.length} cases, not ${floor}`);
      }
      for (const request of requests) {
        assertKept(caseOf(request.headers['x-case']), `${request.headers.host}${request.url}`, spanOf(request, spans));
      }
      assertNoLeak('OTLP', sink.rawText());
      assertNoLeak('the console', stderr);
    });
  }

  const [first, ...others] = outputs;
  for (const output of casesOf([...others, first], 1)) {
    test(`by a server span in ${titleOf(output)}`, async (t) => {
      const { sink, env } = await startTools(t);
      const program = await startTraced(t, { program: 'case-server.mjs', env: { ...env, ...output } });
      const received = new Map<string, Case>();
      for (const one of cases.filter(({ kind }) => kind === 'server')) {
        const traceId = one.id.replace(/\D/g, '').padStart(32, 'a');
        const answer = await send(program.port, toRequest(one.input, traceId));
        if (answer.startsWith('HTTP/1.1 200') && answer.endsWith('GET')) received.set(traceId, one);
      }
      assert.ok(received.size >= RECEIVED, `${received.size} cases were received, not ${RECEIVED}`);
      const spans = await sink.waitForSpans(received.size);
      program.send('stop');
      const { stderr } = await program.exited;
      for (const [traceId, one] of received) {
        const span = spans.find((span) => span.traceId === traceId);
        assert.ok(span, `${one.id} has no span`);
        assertKept(one, one.input, span);
      }
      assertNoLeak('OTLP', sink.rawText());
      assertNoLeak('the console', stderr);
    });
  }
});

function spanOf({ headers }: BackendRequest, spans: readonly ReceivedSpan[]): ReceivedSpan {
  const span = spans.find(({ spanId }) => headers['traceparent']?.toString().includes(spanId));
  assert.ok(span, `${String(headers['x-case'])} by ${String(headers['x-client'])} has no span`);
  return span;
}

/** A request line with the target as it stands, and the Host header that goes with it. */
function toRequest(target: string, traceId: string): string {
  const host = /^https?:\/\/(?:[^/?#]*@)?([^/?#@[]+)/.exec(target)?.[1] ?? 'shop.example';
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\ntraceparent: 00-${traceId}-00000000000000ab-01\r\nConnection: close\r\n\r\n`;
}

/** Sends bytes as they are and resolves with the answer; a connection that the parser cuts off is an answer too. */
function send(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (answer += piece));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}
