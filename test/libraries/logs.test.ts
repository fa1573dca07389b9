// Records that a logger writes inside a request carry the ids of its span, and are sent where logs go somewhere.
import assert from 'node:assert/strict';
import type { ReceivedLog } from '../support/otlp-decode-logs.ts';
import { libraryTest, type LibraryTest } from './library-project.ts';

const SECRET = 'q7XfT2mP9sLw4Zk8';

type Result = Parameters<NonNullable<LibraryTest['check']>>[0];

/** What the logger wrote itself: with the ids, and with all that the program gave it; to its own streams, and one of ours only where that is needed. */
function checkWritten({ sink: { spans }, exit: { stdout } }: Result, streams = 1): void {
  assert.match(stdout, new RegExp(`^streams ${streams}$`, 'm'));
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const find = (text: string): Record<string, unknown> =>
    records.find((record) => [record['msg'], record['message']].includes(text)) ?? {};
  assert.deepEqual([find('outside')['level'] === undefined, find('outside')['trace_id']], [false, undefined]);
  for (const text of ['inside', `went to https://shop.example/?token=${SECRET}`]) {
    const { trace_id: traceId, span_id: spanId } = find(text);
    assert.deepEqual([traceId, spanId], [spans[0]?.traceId, spans[0]?.spanId]);
  }
  assert.deepEqual([records.length, records[2]?.['password']], [3, SECRET]);
}

function checkSent({ sink, exit }: Result): void {
  assert.deepEqual([exit.stderr, sink.errors], ['', []]);
  const [span] = sink.spans;
  const ids = ({ traceId, spanId, flags }: ReceivedLog): unknown[] => [traceId, spanId, flags];
  assert.deepEqual(
    sink.logs.map(({ body, severityNumber, severityText }) => [body, severityNumber, severityText]),
    [
      ['outside', 9, 'info'],
      ['inside', 9, 'info'],
      ['went to https://shop.example/?token=REDACTED', 17, 'error'],
    ],
  );
  const [outside, inside, secretive] = sink.logs;
  assert.ok(outside !== undefined && inside !== undefined && secretive !== undefined);
  assert.deepEqual(ids(outside), ['', '', 0]);
  for (const record of [inside, secretive]) assert.deepEqual(ids(record), [span?.traceId, span?.spanId, 1]);
  const {
    'exception.stacktrace': stack,
    'exception.message': _,
    'exception.type': __,
    name: ___,
    service: ____,
    ...attributes
  } = secretive.attributes;
  assert.deepEqual(attributes, {
    part: 'orders',
    password: 'REDACTED',
    req: { url: '/?token=REDACTED', headers: { authorization: 'REDACTED', accept: '*/*' } },
  });
  assert.match(String(stack), /no https:\/\/shop\.example\/\?token=REDACTED\n +at /);
}

for (const name of ['pino', 'winston', 'bunyan']) {
  const test = { fixture: name, links: { [name]: name }, tree: 'SERVER GET 200' };
  libraryTest(name, {
    ...test,
    env: { SECRET },
    check: (result) => {
      checkWritten(result);
      assert.deepEqual(
        result.sink.requests.filter(({ path }) => path !== '/v1/traces'),
        [],
      );
    },
  });
  for (const protocol of ['http/protobuf', 'http/json']) {
    libraryTest(`${name}, sent as ${protocol}`, {
      ...test,
      isVariant: protocol !== 'http/protobuf',
      env: { SECRET, OTEL_LOGS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: protocol },
      secrets: [SECRET],
      check: (result) => {
        checkWritten(result, name === 'winston' ? 1 : 2);
        checkSent(result);
      },
    });
  }
  libraryTest(`${name}, told not to send`, {
    ...test,
    env: { SECRET, OTEL_LOGS_EXPORTER: 'otlp' },
    config: `instrumentations: { ${name}: { disableLogSending: true } }`,
    check: (result) => {
      checkWritten(result);
      assert.deepEqual(result.sink.logs, []);
    },
  });
}
