// Called by start-pipeline.ts: the parts of OpenTelemetry's SDK that options choose.
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanLimits,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import { readSampleRatio } from '../url-rules/sample-ratio.ts';
import { isMetricsOn } from './metrics-on.ts';

/** `sampling.ratio` decides for new traces; a request that belongs to one follows its parent. */
export function createSampler(config: Config): Sampler {
  const ratio = config['sampling.ratio'];
  const root = ratio >= 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(ratio);
  const sampler = new ParentBasedSampler({ root: createRuleSampler(root) });
  return isMetricsOn(config) ? createRecordingSampler(sampler) : sampler;
}

/** Metrics count every request: a span that is not kept is still recorded, for the processors that measure, and sent to nobody. */
function createRecordingSampler(sampler: Sampler): Sampler {
  return {
    shouldSample(...given) {
      const result = sampler.shouldSample(...given);
      return result.decision === SamplingDecision.NOT_RECORD
        ? { ...result, decision: SamplingDecision.RECORD }
        : result;
    },
    toString: () => `Recording{${String(sampler)}}`,
  };
}

/** A sampler for new traces: the ratio that a URL rule asks for (`url.rules[].sample`), else what `otherwise` says. */
function createRuleSampler(otherwise: Sampler): Sampler {
  const samplers = new Map<number, Sampler>();
  return {
    shouldSample(context, ...rest) {
      const ratio = readSampleRatio(context);
      if (ratio === undefined) return otherwise.shouldSample(context, ...rest);
      const sampler = samplers.get(ratio) ?? new TraceIdRatioBasedSampler(ratio);
      samplers.set(ratio, sampler);
      return sampler.shouldSample(context, ...rest);
    },
    toString: () => `RuleOr{${String(otherwise)}}`,
  };
}

type PropagatorName = Config['propagation.propagators'][number];

const PROPAGATORS: Readonly<Record<PropagatorName, () => TextMapPropagator>> = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
};

/** Reads and writes the headers of `propagation.propagators`. */
export function createPropagator(config: Config): TextMapPropagator {
  return new CompositePropagator({ propagators: config['propagation.propagators'].map((name) => PROPAGATORS[name]()) });
}

/** `limits.*`, as the SDK names them, but for the length of values: redaction must see them whole (redaction-guard.ts). */
export function toSpanLimits(config: Config): SpanLimits {
  return {
    attributeCountLimit: config['limits.attributeCount'],
    eventCountLimit: config['limits.eventCount'],
    linkCountLimit: config['limits.linkCount'],
    attributePerEventCountLimit: config['limits.attributePerEventCount'],
    attributePerLinkCountLimit: config['limits.attributePerLinkCount'],
  };
}
