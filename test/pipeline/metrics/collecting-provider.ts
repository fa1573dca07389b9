// The tests of metrics read a real meter provider with this.
import {
  type DataPoint,
  type MetricData,
  MeterProvider,
  MetricReader,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';

class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** A provider whose metrics a test collects when it wants to. */
export function createCollectingProvider(views: ViewOptions[] = []) {
  const reader = new ManualReader();
  const provider = new MeterProvider({ readers: [reader], views });
  return {
    provider,
    collect: async () => (await reader.collect()).resourceMetrics,
    /** The data points of one metric. */
    async collectPoints(name: string): Promise<readonly DataPoint<unknown>[]> {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }: MetricData): readonly DataPoint<unknown>[] => dataPoints);
    },
  };
}
