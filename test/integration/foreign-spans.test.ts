// Spans that the application makes itself, with the OpenTelemetry API: everything that it can write a text into is cleaned.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test, type TestContext } from 'node:test';
import { createLeakFinder, isKept } from '../redaction/leak-forms.ts';
import { closeAfter } from '../support/close-after.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { startSink } from '../support/otlp-sink.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';

interface Case {
  id: string;
  kind: 'client' | 'server' | 'string';
  input: string;
  secrets: string[];
  must_keep: string[];
}

const all = JSON.parse(readFileSync(new URL('../redaction/cases.json', import.meta.url), 'utf8')) as Case[];
const cases = all.filter(({ kind }) => kind === 'string');

const outputs = [
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', TRACING_CONSOLE: 'tree', LOGFIRE_CONSOLE_VERBOSE: 'true' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', TRACING_CONSOLE: 'line' },
  { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', TRACING_CONSOLE: 'json' },
] as const;

interface Outcome {
  spans: ReceivedSpan[];
  /** All OTLP that came, and everything on stderr. */
  raw: string;
  stderr: string;
}

interface Run {
  env?: Record<string, string>;
  program?: string;
  code?: string;
  count: number;
}

async function runSpans(t: TestContext, { env, program, code, count }: Run): Promise<Outcome> {
  const sink = await closeAfter(t, startSink());
  const exit = await runProgram({
    ...(code === undefined ? { program: program ?? 'case-spans.mjs' } : { code }),
    flags: patientFlags,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env },
    input: JSON.stringify(cases.map(({ id, input }) => ({ id, input }))),
  });
  assert.equal(exit.code, 0, exit.stderr);
  return { spans: await sink.waitForSpans(count), raw: sink.rawText(), stderr: exit.stderr };
}

/** All cases, by the program's own spans, one run for each output. */
const runs = new Map<(typeof outputs)[number], Promise<Outcome>>();
function runCases(t: TestContext, output: (typeof outputs)[number]): Promise<Outcome> {
  const run = runs.get(output) ?? runSpans(t, { env: output, count: cases.length * 2 });
  runs.set(output, run);
  return run;
}

function assertNoLeak(place: string, output: string): void {
  assert.notEqual(output, '', `${place} is empty`);
  const findLeak = createLeakFinder(output);
  for (const { id, secrets } of cases) {
    for (const secret of secrets) assert.equal(findLeak(secret), undefined, `${id}: ${place} shows a secret`);
  }
}

suite('spans of the application', { concurrency: 4 }, () => {
  for (const output of outputs) {
    test(`leak nothing in ${output.OTEL_EXPORTER_OTLP_PROTOCOL} or on the console as ${output.TRACING_CONSOLE}`, async (t) => {
      const { spans, raw, stderr } = await runCases(t, output);
      assertNoLeak('OTLP', raw);
      assertNoLeak('the console', stderr);
      assert.equal(spans.length, cases.length * 2);
    });
  }

  test('still say all that is no secret, in every place', async (t) => {
    const { spans } = await runCases(t, outputs[0]);
    for (const { id, must_keep: keep } of cases) {
      const own = spans.filter(({ attributes }) => attributes['case.id'] === id);
      assert.equal(own.length, 2, `${id} has ${own.length} spans`);
      for (const text of keep) {
        for (const place of own.flatMap(placesOf)) assert.ok(isKept(place, text), `${id}: lost ${text} in ${place}`);
      }
    }
  });

  test('keep numbers, booleans and the shape of nested values', async (t) => {
    const { spans } = await runCases(t, outputs[0]);
    const filled = spans.filter(({ attributes }) => 'map' in attributes);
    assert.equal(filled.length, cases.length);
    for (const { attributes } of filled) {
      const { deep } = attributes['map'] as { deep: Record<string, unknown> };
      assert.deepEqual(deep['numbers'], [1, 2.5, true]);
      assert.deepEqual(Object.keys(deep), ['of', 'numbers', 'in.list']);
      assert.equal((attributes['list'] as string[])[0], 'first');
    }
  });

  test('have their URL attributes read as URLs', async (t) => {
    const { spans } = await runSpans(t, {
      count: 1,
      code: `
        const { trace } = require('@opentelemetry/api');
        trace.getTracer('shop').startSpan('call', { attributes: {
          'url.full': 'https://u:p4ss@api.example/orders?page=2&token=a',
          'http.url': 'https://api.example/orders;jsessionid=b?page=2',
          'url.query': 'token=a&page=2',
          'http.target': '/reset-password/3FBDUXTO3PY3IP76YY4BAA2Y?lang=en',
          'http.request.header.referer': ['https://api.example/?token=a&page=2'],
          api_key: 'a',
          token_count: 5,
        } }).end();`,
    });
    assert.deepEqual(spans[0]?.attributes, {
      'url.full': 'https://REDACTED:REDACTED@api.example/orders?page=2&token=REDACTED',
      'http.url': 'https://api.example/orders;jsessionid=REDACTED?page=2',
      'url.query': 'token=REDACTED&page=2',
      'http.target': '/reset-password/REDACTED?lang=en',
      'http.request.header.referer': ['https://api.example/?token=REDACTED&page=2'],
      api_key: 'REDACTED',
      token_count: 5,
    });
  });

  test('follow the options of the URL section', async (t) => {
    const { spans } = await runSpans(t, {
      count: 1,
      env: { LOGFIRE_URL_REDACT_KEYS: 'order_ref', TRACING_REDACT_MARKER: '*****' },
      code: `
        const { trace } = require('@opentelemetry/api');
        const span = trace.getTracer('shop').startSpan('GET /x?order_ref=A17', { attributes: { order_ref: 'A17' } });
        span.setAttribute('map', { order_ref: ['A17'], page: 2 });
        span.end();`,
    });
    assert.equal(spans[0]?.name, 'GET /x?order_ref=*****');
    assert.deepEqual(spans[0]?.attributes, { order_ref: '*****', map: { order_ref: ['*****'], page: 2 } });
  });

  test('may be the one that the agent made, which the application writes to', async (t) => {
    const { raw, stderr } = await runSpans(t, {
      env: { ACTIVE: '1', TRACING_CONSOLE: 'json' },
      count: cases.length * 2,
    });
    assertNoLeak('OTLP', raw);
    assertNoLeak('the console', stderr);
  });

  const url = 'https://user-one:pw1234567890@api.example/?token=Zq81hhTTab12';
  const hidden = /user-one|pw1234567|Zq81hhTT/;

  test("leak nothing by the names of tracers, attributes and keys, nor by a tracer that takes the agent's own name", async (t) => {
    const { raw, spans } = await runSpans(t, {
      count: 4,
      code: `
        const { trace } = require('@opentelemetry/api');
        trace.getTracer('lib ${url}', '1 ${url}').startSpan('x').end();
        trace.getTracer('shop').startSpan('x').setAttribute('see ${url}', 1).end();
        trace.getTracer('shop').startSpan('x').setAttribute('m', { 'see ${url}': 1 }).end();
        trace.getTracer('@tracing/agent').startSpan('x ${url}', { attributes: { note: '${url}' } }).end();`,
    });
    assert.equal(spans.length, 4);
    assert.equal(hidden.exec(raw), null);
  });

  test('keep a list of header values a list', async (t) => {
    const name = 'http.request.header.authorization';
    const { spans } = await runSpans(t, {
      count: 1,
      code: `require('@opentelemetry/api').trace.getTracer('shop').startSpan('x', { attributes: { '${name}': ['Bearer a'] } }).end()`,
    });
    assert.deepEqual(spans[0]?.attributes[name], ['REDACTED']);
  });

  test('are redacted before they are cut to the longest value allowed', async (t) => {
    const { spans } = await runSpans(t, {
      count: 1,
      env: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '24' },
      code: `require('@opentelemetry/api').trace.getTracer('shop').startSpan('x', { attributes: { note: '${url}' } }).end()`,
    });
    assert.doesNotMatch(String(spans[0]?.attributes['note']), hidden);
    assert.match(String(spans[0]?.attributes['note']), /^https:\/\/REDACTED:REDACT/);
  });
});

/** The texts of a span that the case's input stood in alone. */
function placesOf({ name, status, attributes, events, links }: ReceivedSpan): string[] {
  return [
    name,
    ...('note' in attributes ? [attributes['note'], attributes['given'], status.message] : []),
    ...events.flatMap(({ name, attributes }) =>
      name === 'noted' ? [attributes['text']] : name === 'exception' ? [attributes['exception.message']] : [name],
    ),
    ...links.map(({ attributes }) => attributes['text']),
  ].map(String);
}
