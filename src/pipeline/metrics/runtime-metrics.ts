// Loaded by load-metrics.ts only where `metrics.runtime` is on: a bundle of its own.
import type { MeterProvider } from '@opentelemetry/api';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';

/** Measures Node and V8 (`nodejs.*`, `v8js.*`): event loop, garbage collection, heap. Nothing in it keeps the process alive. */
export function startRuntimeMetrics(meterProvider: MeterProvider): Disposable {
  const instrumentation = new RuntimeNodeInstrumentation();
  instrumentation.setMeterProvider(meterProvider);
  return { [Symbol.dispose]: () => instrumentation.disable() };
}
