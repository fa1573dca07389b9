// Called by the metric reader for every kind of instrument: `metrics.temporality`, as the OTLP exporter's specification defines it.
import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { Config } from '../../config/config.ts';

const DELTA: Readonly<Record<Config['metrics.temporality'], ReadonlySet<InstrumentType>>> = {
  cumulative: new Set(),
  delta: new Set([InstrumentType.COUNTER, InstrumentType.OBSERVABLE_COUNTER, InstrumentType.HISTOGRAM]),
  lowmemory: new Set([InstrumentType.COUNTER, InstrumentType.HISTOGRAM]),
};

/** What an instrument's numbers count from; what goes up and down always counts from the start. */
export function toTemporality(preference: Config['metrics.temporality'], type: InstrumentType): AggregationTemporality {
  return DELTA[preference].has(type) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
}
