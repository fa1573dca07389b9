// Made by pipeline/metrics/ when metrics are on: collected metrics, encoded with the official transformer, on the OTLP transport.
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { type OtlpOptions, type OtlpSender, createOtlpSender } from './otlp-sender.ts';

/** An OTLP sender of metrics; twin of createOtlpExporter. */
export function createOtlpMetricsSender(options: OtlpOptions): OtlpSender<ResourceMetrics> {
  const serializer = options.protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  return createOtlpSender<ResourceMetrics>(options, {
    grpcService: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
    encode: (metrics) => serializer.serializeRequest(metrics),
    readRefusal: (answer) => {
      const { rejectedDataPoints, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedDataPoints ? { what: `${rejectedDataPoints} data points`, why: errorMessage } : undefined;
    },
  });
}
