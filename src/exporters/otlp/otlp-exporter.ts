// Made by pipeline/ when `export.otlp` names an endpoint: the OTLP transport for spans.
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Destination } from '../destination.ts';
import { type OtlpOptions, createOtlpSender } from './otlp-sender.ts';

/** An OTLP destination for spans. */
export function createOtlpExporter(options: OtlpOptions): Destination {
  const serializer = options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  return createOtlpSender(options, {
    grpcService: 'opentelemetry.proto.collector.trace.v1.TraceService',
    readRefusal: (answer) => {
      const { rejectedSpans, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedSpans ? { what: `${rejectedSpans} spans`, why: errorMessage } : undefined;
    },
  });
}
