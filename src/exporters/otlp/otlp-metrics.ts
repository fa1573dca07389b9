// Used by pipeline/metrics/ when metrics are on: collected metrics, encoded with the official transformer, and the OTLP transport for them.
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Destination } from '../destination.ts';
import { type OtlpOptions, createOtlpSender } from './otlp-sender.ts';

/** An OTLP destination for metrics, and their encoding for it. */
export function createOtlpMetrics(options: OtlpOptions): {
  readonly destination: Destination;
  readonly encode: (metrics: ResourceMetrics) => Uint8Array | undefined;
} {
  const serializer = options.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  const destination = createOtlpSender(options, {
    grpcService: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
    readRefusal: (answer) => {
      const { rejectedDataPoints, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedDataPoints ? { what: `${rejectedDataPoints} data points`, why: errorMessage } : undefined;
    },
  });
  return { destination, encode: (metrics) => serializer.serializeRequest(metrics) };
}
