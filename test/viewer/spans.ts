// Tests of the viewer make their spans with this: OTLP JSON as programs send it.
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { readRecords } from '../../src/viewer/otlp/read-records.ts';
import { startViewer, type Viewer, type ViewerOptions } from '../../src/viewer/start-viewer.ts';
import { Store } from '../../src/viewer/store/store.ts';

export interface GivenSpan {
  /** Small numbers become identifiers. */
  readonly trace?: number;
  readonly id: number;
  readonly parent?: number;
  readonly name?: string;
  readonly kind?: number;
  /** Milliseconds since the start of the test's time. */
  readonly start?: number;
  readonly duration?: number;
  readonly status?: number;
  readonly message?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly events?: ReadonlyArray<{ readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }>;
}

export interface GivenLog {
  readonly trace?: number;
  readonly span: number;
  readonly body: unknown;
  readonly severity?: number;
}

export const hex = (value: number, digits: 16 | 32): string => value.toString(16).padStart(digits, '0');

const START_NANOS = 1_760_000_000_000_000_000n;
const toNanos = (millis: number): string => String(START_NANOS + BigInt(Math.round(millis * 1e6)));

export const toKeyValues = (attributes: Readonly<Record<string, unknown>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: toAnyValue(value) }));

function toAnyValue(value: unknown): Record<string, unknown> {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
  return { kvlistValue: { values: toKeyValues(value as Record<string, unknown>) } };
}

/** An ExportTraceServiceRequest of one service, with its log records in the same object. */
export function toOtlp(service: string, spans: readonly GivenSpan[], logs: readonly GivenLog[] = []) {
  const resource = { attributes: toKeyValues({ 'service.name': service }) };
  const scope = { name: 'test', version: '1.0' };
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(toOtlpSpan) }] }],
    resourceLogs: [
      {
        resource,
        scopeLogs: [
          {
            scope,
            logRecords: logs.map(({ trace = 1, span, body, severity = 9 }) => ({
              traceId: hex(trace, 32),
              spanId: hex(span, 16),
              timeUnixNano: toNanos(1),
              severityNumber: severity,
              severityText: 'INFO',
              body: toAnyValue(body),
              attributes: [],
            })),
          },
        ],
      },
    ],
  };
}

function toOtlpSpan({ trace = 1, id, parent, name = 'work', kind = 1, start = 0, duration = 1, ...rest }: GivenSpan) {
  const { status = 0, message, attributes = {}, events = [] } = rest;
  return {
    traceId: hex(trace, 32),
    spanId: hex(id, 16),
    ...(parent !== undefined && { parentSpanId: hex(parent, 16) }),
    name,
    kind,
    startTimeUnixNano: toNanos(start),
    endTimeUnixNano: toNanos(start + duration),
    attributes: toKeyValues(attributes),
    status: { code: status, ...(message !== undefined && { message }) },
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: toNanos(start),
      attributes: toKeyValues(event.attributes),
    })),
  };
}

/** A store with these spans of service `shop`. */
export function createStore(
  spans: readonly GivenSpan[],
  options: { maxTraces?: number; maxBytes?: number; logs?: readonly GivenLog[] } = {},
): Store {
  const { maxTraces = 100, maxBytes = 1e9, logs = [] } = options;
  const store = new Store({ maxTraces, maxBytes });
  store.add(readRecords(toOtlp('shop', spans, logs)));
  return store;
}

/** A viewer in this process, on a port of its own, that tells nobody. */
export function startTestViewer(options: Partial<ViewerOptions> = {}): Promise<Viewer> {
  return startViewer({
    port: 0,
    database: undefined,
    isAnnounced: false,
    redactor: createRedactor(),
    env: {},
    ...options,
  });
}

/** Asks the API of a viewer. */
export async function ask(viewer: Viewer, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${viewer.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${viewer.token}`, ...init.headers },
  });
}
