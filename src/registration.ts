// Called by agent.ts: registers the agent as the process's OpenTelemetry SDK, before there is anything behind it.
import {
  type Context,
  ProxyTracer,
  ProxyTracerProvider,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
  context,
  propagation,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

/** What stands behind the registration from the first use on. */
export interface Registered {
  readonly provider: TracerProvider & { forceFlush(): Promise<void>; shutdown(): Promise<void> };
  readonly propagator: TextMapPropagator;
}

/**
 * Registers a context manager, and stand-ins for a tracer provider and a propagator: the first span, and the first headers that are read or
 * written, call `start`. A tracer alone does not, since many libraries take theirs when they are loaded. Should `start` give back
 * nothing, all of it does nothing.
 */
export function register(start: () => Registered | undefined): Disposable {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new LateProvider(start));
  propagation.setGlobalPropagator(new LatePropagator(start));
  return {
    [Symbol.dispose]() {
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}

/**
 * Puts the provider that is started now in the place of its stand-in; who holds that comes to the same. The propagator's stays: only so
 * nothing is taken from a program that has registered one of its own in the meantime.
 */
export function complete({ provider }: Registered): void {
  const registered = trace.getTracerProvider();
  if (registered instanceof ProxyTracerProvider) registered.setDelegate(provider);
}

class LateProvider implements TracerProvider {
  readonly #start: () => Registered | undefined;

  constructor(start: () => Registered | undefined) {
    this.#start = start;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    const getDelegateTracer = (): Tracer | undefined => this.#start()?.provider.getTracer(name, version, options);
    return new ProxyTracer({ getDelegateTracer }, name, version, options);
  }

  async forceFlush(): Promise<void> {
    await this.#start()?.provider.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#start()?.provider.shutdown();
  }
}

class LatePropagator implements TextMapPropagator {
  readonly #start: () => Registered | undefined;

  constructor(start: () => Registered | undefined) {
    this.#start = start;
  }

  inject(from: Context, carrier: unknown, setter: TextMapSetter): void {
    this.#start()?.propagator.inject(from, carrier, setter);
  }

  extract(into: Context, carrier: unknown, getter: TextMapGetter): Context {
    return this.#start()?.propagator.extract(into, carrier, getter) ?? into;
  }

  fields(): string[] {
    return this.#start()?.propagator.fields() ?? [];
  }
}
