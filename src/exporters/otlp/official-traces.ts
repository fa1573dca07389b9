// Loaded by load-official.ts, a bundle of its own: OpenTelemetry's serializers of spans, for JSON and for what a receiver answers.
export { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
