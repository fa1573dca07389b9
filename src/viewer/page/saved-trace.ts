// Called at the start of the page: a saved page holds its trace as OTLP JSON, which is read as the viewer reads what is sent to it.
import type { OriginDetail, TraceDetail } from '../model.ts';
import { readRecords } from '../otlp/read-records.ts';

/** The trace of OTLP JSON, or undefined where it holds no span. Of several traces it is the first. */
export function toTraceDetail(json: string): TraceDetail | undefined {
  const records = readRecords(JSON.parse(json));
  const traceId = records.spans[0]?.traceId;
  if (traceId === undefined) return undefined;
  const spans = records.spans
    .filter((span) => span.traceId === traceId)
    .sort((a, b) => (a.startNanos < b.startNanos ? -1 : a.startNanos > b.startNanos ? 1 : 0));
  const logs = records.logs.filter((log) => log.traceId === traceId);
  const start = spans[0]?.startNanos ?? 0n;
  const end = spans.reduce((latest, { endNanos }) => (endNanos > latest ? endNanos : latest), start);
  const toMillis = (nanos: bigint): number => Number(nanos - start) / 1e6;
  const root = spans.find(({ parentId }) => parentId === '') ?? spans[0];

  const origins: OriginDetail[] = [];
  const originAt = new Map<string, number>();
  const toOrigin = ({ service, resource, scope }: { service: string; resource: string; scope: string }): number => {
    const key = `${resource}\n${scope}`;
    const index = originAt.get(key) ?? origins.length;
    if (index === origins.length)
      origins.push({
        service,
        resource: JSON.parse(resource) as OriginDetail['resource'],
        scope: JSON.parse(scope) as OriginDetail['scope'],
      });
    originAt.set(key, index);
    return index;
  };
  return {
    trace: {
      id: traceId,
      name: root?.name ?? '',
      service: root?.service ?? '',
      hasRoot: root?.parentId === '',
      status: root?.status ?? 0,
      httpStatus: root?.httpStatus ?? 0,
      startMillis: Number(start) / 1e6,
      durationMillis: toMillis(end),
      spans: spans.length,
      errors: spans.filter(({ status }) => status === 2).length,
      logs: logs.length,
      services: [...new Set(spans.map(({ service }) => service))],
      pinned: false,
    },
    shapes: spans.map(({ keys }) => JSON.parse(keys) as readonly string[]),
    spans: spans.map((span, index) => ({
      id: span.spanId,
      parent: span.parentId,
      name: span.name,
      kind: span.kind,
      start: toMillis(span.startNanos),
      duration: Number(span.endNanos - span.startNanos) / 1e6,
      status: span.status,
      httpStatus: span.httpStatus,
      origin: toOrigin(span),
      shape: index,
      values: JSON.parse(span.values) as readonly unknown[],
      more: JSON.parse(span.more ?? 'null') as TraceDetail['spans'][number]['more'] & object,
    })),
    logs: logs.map((log) => ({
      span: log.spanId,
      time: toMillis(log.timeNanos),
      severity: log.severity,
      severityText: log.severityText,
      body: JSON.parse(log.body) as unknown,
      attributes: JSON.parse(log.attributes) as OriginDetail['resource'],
      origin: toOrigin(log),
    })),
    origins,
  };
}
