import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AnyValue, LogRecord } from '@opentelemetry/api';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { estimateLogBytes } from '../../src/processors/log-bytes.ts';

function makeRecord(
  body: AnyValue,
  attributes: NonNullable<LogRecord['attributes']>,
  eventName?: string,
): ReadableLogRecord {
  const records: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    processors: [
      {
        onEmit: (record) => void records.push(record),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  provider.getLogger('test').emit({ body, attributes, ...(eventName !== undefined && { eventName }) });
  const [record] = records;
  assert.ok(record);
  return record;
}

suite('the estimate of a log record', () => {
  const many = (count: number, toValue: (index: number) => AnyValue) =>
    Array.from({ length: count }, (_, i) => toValue(i));
  const records: Readonly<Record<string, ReadableLogRecord>> = {
    small: makeRecord('hello', {}),
    ascii: makeRecord('x'.repeat(100_000), {}),
    'three bytes a character': makeRecord('界'.repeat(100_000), { text: '界'.repeat(100_000) }),
    quoted: makeRecord('{"a":"b"}'.repeat(10_000), {}),
    'an event name': makeRecord(undefined, {}, 'n'.repeat(100_000)),
    'long keys': makeRecord({ ['k'.repeat(50_000)]: true }, { ['界'.repeat(50_000)]: 1 }),
    'lists of numbers': makeRecord(
      many(5000, (index) => index + 1 / 3),
      { ids: many(5000, (index) => index) },
    ),
    'lists of texts': makeRecord(
      many(5000, () => 'é'),
      {},
    ),
    'lists of lists': makeRecord(
      many(5000, () => []),
      {},
    ),
    'many keys': makeRecord(
      Object.fromEntries(many(5000, (index) => index).map((index) => [`k${String(index)}`, { a: Math.PI }])),
      Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`key.${index}`, `value ${index}`])),
    ),
  };

  for (const [name, record] of Object.entries(records)) {
    test(`is two thirds of what it is encoded at least: ${name}`, () => {
      for (const serializer of [ProtobufLogsSerializer, JsonLogsSerializer]) {
        const size = serializer.serializeRequest([record])?.length ?? Infinity;
        assert.ok(size <= 1.5 * estimateLogBytes(record), `${size} of ${estimateLogBytes(record)}`);
      }
    });
  }
});
