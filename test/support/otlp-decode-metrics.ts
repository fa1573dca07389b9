// The OTLP sink turns every body that comes to /v1/metrics into plain points with this, whatever its encoding was.
import { type Attributes, KEY_VALUE, type KeyValue, type Long, RESOURCE, SCOPE, toAttributes } from './otlp-decode.ts';
import { readMessage, type MessageType } from './protobuf-reader.ts';

/** One data point of a metric as a backend received it. */
export interface ReceivedPoint {
  name: string;
  description: string;
  unit: string;
  kind: 'gauge' | 'sum' | 'histogram';
  /** A gauge has none. */
  temporality: 'delta' | 'cumulative' | undefined;
  isMonotonic: boolean;
  attributes: Attributes;
  startTimeUnixNano: bigint;
  timeUnixNano: bigint;
  /** Of a gauge or a sum; of a histogram its sum. */
  value: number;
  /** Of a histogram. */
  count: number;
  bounds: number[];
  bucketCounts: number[];
  scope: { name: string; version: string };
  resource: Attributes;
}

/** Decodes an ExportMetricsServiceRequest in its JSON encoding; throws on anything that is not one. */
export function decodeMetricsJson(body: Uint8Array): ReceivedPoint[] {
  return toPoints(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as ExportRequest);
}

/** Decodes an ExportMetricsServiceRequest in its protobuf encoding; throws on anything that is not one. */
export function decodeMetricsProtobuf(body: Uint8Array): ReceivedPoint[] {
  return toPoints(readMessage(body, EXPORT_REQUEST));
}

interface OtlpPoint {
  attributes?: KeyValue[];
  startTimeUnixNano?: Long;
  timeUnixNano?: Long;
  asDouble?: number;
  asInt?: Long;
  count?: Long;
  sum?: number;
  bucketCounts?: Long[];
  explicitBounds?: number[];
}
interface OtlpData {
  dataPoints?: OtlpPoint[];
  aggregationTemporality?: number;
  isMonotonic?: boolean;
}
interface OtlpMetric {
  name?: string;
  description?: string;
  unit?: string;
  gauge?: OtlpData;
  sum?: OtlpData;
  histogram?: OtlpData;
}
interface ExportRequest {
  resourceMetrics?: {
    resource?: { attributes?: KeyValue[] };
    scopeMetrics?: { scope?: { name?: string; version?: string }; metrics?: OtlpMetric[] }[];
  }[];
}

function toPoints(request: ExportRequest): ReceivedPoint[] {
  const points: ReceivedPoint[] = [];
  for (const { resource, scopeMetrics = [] } of request.resourceMetrics ?? []) {
    const resourceAttributes = toAttributes(resource?.attributes);
    for (const { scope, metrics = [] } of scopeMetrics) {
      const owner = { scope: { name: scope?.name ?? '', version: scope?.version ?? '' }, resource: resourceAttributes };
      for (const metric of metrics) points.push(...toMetricPoints(metric, owner));
    }
  }
  return points;
}

const KINDS = ['gauge', 'sum', 'histogram'] as const;
const TEMPORALITIES = [undefined, 'delta', 'cumulative'] as const;

function toMetricPoints(metric: OtlpMetric, owner: Pick<ReceivedPoint, 'scope' | 'resource'>): ReceivedPoint[] {
  const kind = KINDS.find((name) => metric[name] !== undefined);
  if (kind === undefined) throw new Error(`OTLP: metric ${metric.name} has no data`);
  const { dataPoints = [], aggregationTemporality = 0, isMonotonic = false } = metric[kind] ?? {};
  return dataPoints.map((point) => ({
    name: metric.name ?? '',
    description: metric.description ?? '',
    unit: metric.unit ?? '',
    kind,
    temporality: TEMPORALITIES[aggregationTemporality],
    isMonotonic,
    attributes: toAttributes(point.attributes),
    startTimeUnixNano: BigInt(point.startTimeUnixNano ?? 0),
    timeUnixNano: BigInt(point.timeUnixNano ?? 0),
    value: Number(point.asInt ?? point.asDouble ?? point.sum ?? 0),
    count: Number(point.count ?? 0),
    bounds: point.explicitBounds ?? [],
    bucketCounts: (point.bucketCounts ?? []).map(Number),
    scope: owner.scope,
    resource: owner.resource,
  }));
}

// opentelemetry-proto v1: metrics.proto, metrics_service.proto.
const NUMBER_POINT: MessageType = {
  2: { name: 'startTimeUnixNano', type: 'fixed64' },
  3: { name: 'timeUnixNano', type: 'fixed64' },
  4: { name: 'asDouble', type: 'double' },
  6: { name: 'asInt', type: 'sfixed64' },
  7: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
};
const HISTOGRAM_POINT: MessageType = {
  2: { name: 'startTimeUnixNano', type: 'fixed64' },
  3: { name: 'timeUnixNano', type: 'fixed64' },
  4: { name: 'count', type: 'fixed64' },
  5: { name: 'sum', type: 'double' },
  6: { name: 'bucketCounts', type: 'fixed64', repeated: 'packed' },
  7: { name: 'explicitBounds', type: 'double', repeated: 'packed' },
  9: { name: 'attributes', type: () => KEY_VALUE, repeated: true },
};
const GAUGE: MessageType = { 1: { name: 'dataPoints', type: () => NUMBER_POINT, repeated: true } };
const SUM: MessageType = {
  1: { name: 'dataPoints', type: () => NUMBER_POINT, repeated: true },
  2: { name: 'aggregationTemporality', type: 'enum' },
  3: { name: 'isMonotonic', type: 'bool' },
};
const HISTOGRAM: MessageType = {
  1: { name: 'dataPoints', type: () => HISTOGRAM_POINT, repeated: true },
  2: { name: 'aggregationTemporality', type: 'enum' },
};
const METRIC: MessageType = {
  1: { name: 'name', type: 'string' },
  2: { name: 'description', type: 'string' },
  3: { name: 'unit', type: 'string' },
  5: { name: 'gauge', type: () => GAUGE },
  7: { name: 'sum', type: () => SUM },
  9: { name: 'histogram', type: () => HISTOGRAM },
};
const SCOPE_METRICS: MessageType = {
  1: { name: 'scope', type: () => SCOPE },
  2: { name: 'metrics', type: () => METRIC, repeated: true },
};
const RESOURCE_METRICS: MessageType = {
  1: { name: 'resource', type: () => RESOURCE },
  2: { name: 'scopeMetrics', type: () => SCOPE_METRICS, repeated: true },
};
const EXPORT_REQUEST: MessageType = { 1: { name: 'resourceMetrics', type: () => RESOURCE_METRICS, repeated: true } };
