// Called by the metric reader when the process exits: the SDK collects in promises only, and on exit nothing runs that waits for one.
import { millisToHrTime } from '@opentelemetry/core';
import type { MeterProvider, MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';

/** What the provider holds, of the exact version that is bundled; a test compares the result with the SDK's own. */
interface SharedState {
  readonly resource: ResourceMetrics['resource'];
  readonly metricCollectors: readonly unknown[];
  readonly meterSharedStates: ReadonlyMap<string, MeterState>;
}

interface MeterState {
  readonly _instrumentationScope: ScopeMetrics['scope'];
  readonly metricStorageRegistry: { getStorages(collector: unknown): readonly Storage[] };
}

interface Storage {
  collect(collector: unknown, time: ReturnType<typeof millisToHrTime>): MetricData | undefined;
}

/** Collects for the provider's only reader at once. Observable instruments give what they gave last: their callbacks may be asynchronous. */
export function collectNow(provider: MeterProvider): ResourceMetrics {
  // Private to the SDK's types only: there is no other way to its numbers without a promise.
  const { _sharedState: state } = provider as unknown as { readonly _sharedState: SharedState };
  const [collector] = state.metricCollectors;
  const now = millisToHrTime(Date.now());
  const scopeMetrics: ScopeMetrics[] = [];
  for (const meter of state.meterSharedStates.values()) {
    const metrics = meter.metricStorageRegistry
      .getStorages(collector)
      .map((storage) => storage.collect(collector, now))
      .filter((metric) => metric !== undefined);
    if (metrics.length > 0) scopeMetrics.push({ scope: meter._instrumentationScope, metrics });
  }
  return { resource: state.resource, scopeMetrics };
}
