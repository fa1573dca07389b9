// Called by both transports: the bytes of one OTLP request -> the store, and what the sender is told. Metrics are taken and let go: a program that
// sends all three signals should not see errors for one.
import type { Records } from '../otlp/records.ts';
import { readLogsRequest, readTraceRequest } from '../otlp/protobuf.ts';
import { readRecords } from '../otlp/read-records.ts';
import { Refusal } from './read-body.ts';

export type Signal = 'traces' | 'logs' | 'metrics';
export type Encoding = 'protobuf' | 'json';

/** What was refused of a request that was taken. */
export interface Taken {
  readonly refused: number;
  readonly reason: string;
}

/** Where records go; returns how many spans it has no room for. */
export interface Sink {
  add(records: Records): number;
}

/** Throws a Refusal where the bytes are no OTLP. */
export function take(body: Buffer, signal: Signal, encoding: Encoding, sink: Sink): Taken {
  if (signal === 'metrics') return { refused: 0, reason: '' };
  const records = readRecords(decode(body, signal, encoding));
  const left = sink.add(records);
  if (left > 0) return { refused: left, reason: 'the viewer is full of pinned traces' };
  return {
    refused: records.refused,
    reason: records.refused > 0 ? 'a trace id or a span id is missing or malformed' : '',
  };
}

function decode(body: Buffer, signal: 'traces' | 'logs', encoding: Encoding): unknown {
  try {
    if (encoding === 'json') return readJson(body);
    return signal === 'traces' ? readTraceRequest(body) : readLogsRequest(body);
  } catch (error) {
    throw new Refusal(400, error instanceof Error ? error.message : String(error));
  }
}

/** Of one request, as many as twenty thousand spans have. An empty object is three bytes in the text and fifty in memory, so bytes alone do not bound them. */
const MAX_JSON_PARTS = 2_000_000;

function readJson(body: Buffer): unknown {
  let parts = 0;
  // An iterator takes five times as long.
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === COMMA || byte === BRACKET || byte === BRACE) parts++;
  }
  if (parts > MAX_JSON_PARTS) throw new Error(`JSON: more than ${MAX_JSON_PARTS} parts`);
  return JSON.parse(body.toString('utf8'));
}

const [COMMA, BRACKET, BRACE] = Buffer.from(',[{');

/** An Export…ServiceResponse: empty, or with what was refused. */
export function writeAnswer({ refused, reason }: Taken, signal: Signal, encoding: Encoding): Buffer {
  if (encoding === 'json') {
    const count = signal === 'logs' ? 'rejectedLogRecords' : 'rejectedSpans';
    const partial = { partialSuccess: { [count]: String(refused), errorMessage: reason } };
    return Buffer.from(JSON.stringify(refused === 0 ? {} : partial));
  }
  if (refused === 0) return Buffer.alloc(0);
  // partial_success = 1 { rejected_spans | rejected_log_records = 1: int64, error_message = 2: string }
  const message = Buffer.from(reason);
  const inner = Buffer.concat([Buffer.from([0x08, ...toVarint(refused), 0x12, message.length]), message]);
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner]);
}

function toVarint(value: number): readonly number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}
