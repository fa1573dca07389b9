// Called by the API: the list of traces, and one trace. Answers are put together as text from the JSON that the store keeps, which is not parsed again.
import type { StatementSync } from 'node:sqlite';
import type { TraceList, TraceSummary } from '../model.ts';
import type { LogRecord, SpanRecord } from '../otlp/records.ts';
import { compileQuery } from '../query/compile-query.ts';
import type { Store } from './store.ts';

export interface ListInput {
  readonly query: string;
  /** Traces that began in this time, milliseconds since the epoch. */
  readonly fromMillis?: number | undefined;
  readonly untilMillis?: number | undefined;
  readonly limit: number;
}

type Row = ReturnType<StatementSync['all']>[number];

const SUMMARY = `t.id AS row, t.trace_id, t.root_name, t.root_service, t.root_rank, t.root_status, t.root_http_status, t.start_nanos / 1e6 AS start,
  (t.end_nanos - t.start_nanos) / 1e6 AS duration, t.spans, t.errors, t.logs, t.services, t.pinned, t.bytes`;

/** Traces of which one span matches the query, latest first. Throws a QueryError. */
export function listTraces(store: Store, input: ListInput): TraceList {
  const { sql, params } = toWhere(input);
  const { database } = store;
  const matched = database
    .prepare(
      `SELECT ${SUMMARY}, count(*) OVER () AS matched FROM traces t WHERE ${sql} ORDER BY t.start_nanos DESC, t.id DESC LIMIT ?`,
    )
    .all(...params, input.limit);
  const total = Number(database.prepare('SELECT count(*) AS count FROM traces WHERE spans > 0').get()?.['count']);
  return {
    revision: store.revision,
    total,
    matched: Number(matched[0]?.['matched'] ?? 0),
    traces: matched.map(toSummary),
  };
}

/** The condition on a trace `t` that is asked for. */
export function toWhere({ query, fromMillis, untilMillis }: Omit<ListInput, 'limit'>): {
  readonly sql: string;
  readonly params: ReadonlyArray<string | number>;
} {
  const parts = ['t.spans > 0'];
  const params: Array<string | number> = [];
  if (fromMillis !== undefined) {
    parts.push('t.start_nanos / 1e6 >= ?');
    params.push(fromMillis);
  }
  if (untilMillis !== undefined) {
    parts.push('t.start_nanos / 1e6 <= ?');
    params.push(untilMillis);
  }
  const compiled = compileQuery(query);
  if (compiled !== undefined) {
    parts.push(
      `EXISTS (SELECT 1 FROM spans s JOIN origins o ON o.id = s.origin WHERE s.trace = t.id AND ${compiled.sql})`,
    );
    params.push(...compiled.params);
  }
  return { sql: parts.join(' AND '), params };
}

function toSummary(row: Row): TraceSummary {
  return {
    id: String(row['trace_id']),
    name: String(row['root_name']),
    service: String(row['root_service']),
    hasRoot: row['root_rank'] === 2,
    status: Number(row['root_status']),
    httpStatus: Number(row['root_http_status']),
    startMillis: Number(row['start']),
    durationMillis: Number(row['duration']),
    spans: Number(row['spans']),
    errors: Number(row['errors']),
    logs: Number(row['logs']),
    services: JSON.parse(String(row['services'])) as readonly string[],
    pinned: row['pinned'] === 1,
  };
}

/** A trace of more bytes is sent without what its spans say: a page that asks for one span at a time stays quick. */
const MAX_WHOLE_BYTES = 24 * 1024 * 1024;

const findTrace = (store: Store, traceId: string): Row | undefined =>
  store.database.prepare(`SELECT ${SUMMARY} FROM traces t WHERE trace_id = ? AND spans > 0`).get(traceId);

type SpanCell = string | number | null;

/** The JSON of a TraceDetail, or undefined. With `spanId`, of that span alone, and always whole. */
export function readTraceText(store: Store, traceId: string, spanId?: string): string | undefined {
  const found = findTrace(store, traceId);
  if (found === undefined) return undefined;
  const { database } = store;
  const trace = Number(found['row']);
  const isWhole = spanId !== undefined || Number(found['bytes']) <= MAX_WHOLE_BYTES;
  const origins = new Indexes();
  const shapes = new Indexes();
  const readSpans = database.prepare(
    `SELECT s.span_id, s.parent_id, s.name, s.kind, (s.start_nanos - t.start_nanos) / 1e6,
      (s.end_nanos - s.start_nanos) / 1e6, s.status, s.http_status, s.origin${isWhole ? ', s.shape, s."values", s.more' : ''}
     FROM spans s JOIN traces t ON t.id = s.trace WHERE s.trace = ? AND (? IS NULL OR s.span_id = ?) ORDER BY s.start_nanos, s.id`,
  );
  // Rows as lists take half the time of rows as objects, which thousands of spans are to be seen by.
  readSpans.setReturnArrays(true);
  const rows = readSpans.all(trace, spanId ?? null, spanId ?? null) as unknown as ReadonlyArray<readonly SpanCell[]>;
  const spans = rows.map(
    ([id, parent, name, kind, start, duration, status, httpStatus, origin, shape, values, more]) => {
      const body = isWhole ? `,"shape":${shapes.of(shape)},"values":${values},"more":${more}` : '';
      return `{"id":"${id}","parent":"${parent}","name":${JSON.stringify(name)},"kind":${kind},"start":${start},"duration":${duration},"status":${status},"httpStatus":${httpStatus},"origin":${origins.of(origin)}${body}}`;
    },
  );
  const logs = database
    .prepare(
      `SELECT l.span_id, l.severity, l.severity_text, l.body, l.attributes, l.origin, (l.time_nanos - t.start_nanos) / 1e6 AS time FROM logs l JOIN traces t ON t.id = l.trace
       WHERE l.trace = ? AND (? IS NULL OR l.span_id = ?) ORDER BY l.time_nanos, l.id`,
    )
    .all(trace, spanId ?? null, spanId ?? null)
    .map((row) => {
      const head = JSON.stringify({
        span: row['span_id'],
        time: row['time'],
        severity: row['severity'],
        severityText: row['severity_text'],
        origin: origins.of(row['origin']),
      });
      return `${head.slice(0, -1)},"body":${String(row['body'])},"attributes":${String(row['attributes'])}}`;
    });
  const readOrigin = database.prepare('SELECT service, resource, scope FROM origins WHERE id = ?');
  const originTexts = origins.ids().map((id) => {
    const row = readOrigin.get(id) ?? {};
    return `{"service":${JSON.stringify(row['service'])},"resource":${String(row['resource'])},"scope":${String(row['scope'])}}`;
  });
  const readShape = database.prepare('SELECT keys FROM shapes WHERE id = ?');
  const shapeTexts = shapes.ids().map((id) => String(readShape.get(id)?.['keys']));
  return `{"trace":${JSON.stringify(toSummary(found))},"origins":[${originTexts.join(',')}],"shapes":[${shapeTexts.join(',')}],"spans":[${spans.join(',')}],"logs":[${logs.join(',')}]}`;
}

/** Rows that an answer names, each by its index in the order in which they came up. */
class Indexes {
  readonly #indexes = new Map<unknown, number>();

  of(id: unknown): number {
    const index = this.#indexes.get(id) ?? this.#indexes.size;
    this.#indexes.set(id, index);
    return index;
  }

  ids(): readonly number[] {
    return [...this.#indexes.keys()].map(Number);
  }
}

/** The records of a trace, or of one span of it, to be written as OTLP; undefined where there is no such trace. */
export function readTraceRecords(
  store: Store,
  traceId: string,
  spanId?: string,
): { readonly spans: readonly SpanRecord[]; readonly logs: readonly LogRecord[] } | undefined {
  const found = findTrace(store, traceId);
  if (found === undefined) return undefined;
  const read = (columns: string, table: string, order: string): readonly Row[] => {
    const statement = store.database.prepare(
      `SELECT x.*, o.service, o.resource, o.scope${columns} FROM ${table} x JOIN origins o ON o.id = x.origin
       WHERE x.trace = ? AND (? IS NULL OR x.span_id = ?) ORDER BY x.${order}, x.id`,
    );
    statement.setReadBigInts(true);
    return statement.all(Number(found['row']), spanId ?? null, spanId ?? null);
  };
  return {
    spans: read(', (SELECT keys FROM shapes WHERE id = x.shape) AS keys', 'spans', 'start_nanos').map((row) => ({
      traceId,
      spanId: String(row['span_id']),
      parentId: String(row['parent_id']),
      name: String(row['name']),
      kind: Number(row['kind']),
      startNanos: row['start_nanos'] as bigint,
      endNanos: row['end_nanos'] as bigint,
      status: Number(row['status']),
      httpStatus: Number(row['http_status']),
      peer: row['peer'] === null ? null : String(row['peer']),
      keys: String(row['keys']),
      values: String(row['values']),
      more: row['more'] === null ? null : String(row['more']),
      service: String(row['service']),
      resource: String(row['resource']),
      scope: String(row['scope']),
    })),
    logs: read('', 'logs', 'time_nanos').map((row) => ({
      traceId,
      spanId: String(row['span_id']),
      timeNanos: row['time_nanos'] as bigint,
      severity: Number(row['severity']),
      severityText: String(row['severity_text']),
      body: String(row['body']),
      attributes: String(row['attributes']),
      service: String(row['service']),
      resource: String(row['resource']),
      scope: String(row['scope']),
    })),
  };
}
