// Made by pipeline/ when `export.otlp` names an endpoint: spans, encoded with the official transformer, on the OTLP transport.
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Destination } from '../destination.ts';
import { type OtlpOptions, createOtlpSender } from './otlp-sender.ts';

/** An OTLP destination for spans. */
export function createOtlpExporter(options: OtlpOptions): Destination {
  const serializer = options.protocol === 'http/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  return createOtlpSender<readonly ReadableSpan[]>(options, {
    grpcService: 'opentelemetry.proto.collector.trace.v1.TraceService',
    // The serializer's type asks for a mutable array, which it does not change.
    encode: (spans) => serializer.serializeRequest(spans as ReadableSpan[]),
    readRefusal: (answer) => {
      const { rejectedSpans, errorMessage } = serializer.deserializeResponse(answer).partialSuccess ?? {};
      return rejectedSpans ? { what: `${rejectedSpans} spans`, why: errorMessage } : undefined;
    },
  });
}
