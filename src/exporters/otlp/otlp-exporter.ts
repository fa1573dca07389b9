// Made by pipeline/ when `export.otlp` names an endpoint: the OTLP transport for spans.
import type { Destination } from '../destination.ts';
import { loadOfficial } from './load-official.ts';
import { type OtlpOptions, createOtlpSender } from './otlp-sender.ts';

/** An OTLP destination for spans. */
export function createOtlpExporter(options: OtlpOptions): Destination {
  return createOtlpSender(options, {
    grpcService: 'opentelemetry.proto.collector.trace.v1.TraceService',
    readRefusal: (answer) => {
      const { JsonTraceSerializer, ProtobufTraceSerializer } = loadOfficial();
      const serializer = options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
      const { rejectedSpans, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedSpans ? { what: `${rejectedSpans} spans`, why: errorMessage } : undefined;
    },
  });
}
