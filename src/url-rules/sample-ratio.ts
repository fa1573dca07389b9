// How `url.rules[].sample` reaches the sampler: instrumentations put it into the context that a span is started with.
import { type Context, createContextKey } from '@opentelemetry/api';

const SAMPLE_RATIO = createContextKey('tracing: sample ratio of the URL rule');

/** The context with the share of traces to keep, from 0 to 1, should a trace begin here. */
export function setSampleRatio(context: Context, ratio: number | undefined): Context {
  return ratio === undefined ? context : context.setValue(SAMPLE_RATIO, ratio);
}

/** The share that a rule asks for, if one does. */
export function readSampleRatio(context: Context): number | undefined {
  const ratio = context.getValue(SAMPLE_RATIO);
  return typeof ratio === 'number' ? ratio : undefined;
}
