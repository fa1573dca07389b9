// Loaded by propagator.ts where `propagation.propagators` names one of these; a bundle of its own.
import type { TextMapPropagator } from '@opentelemetry/api';
import { AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { createJaegerPropagator } from './jaeger-propagator.ts';

/** Zipkin's, in one header. Reads both forms. */
export const createB3 = (): TextMapPropagator => new B3Propagator();

/** Zipkin's, in a header for each part. Reads both forms. */
export const createB3Multi = (): TextMapPropagator =>
  new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });

/** Jaeger's own from before the W3C's. */
export const createJaeger = createJaegerPropagator;

/** The one of AWS X-Ray. */
export const createXRay = (): TextMapPropagator => new AWSXRayPropagator();
