// Made once by start-pipeline.ts and registered for the whole process: the headers that carry a trace, read with suspicion. Library
// instrumentations (messaging) read and write through it too.
import { createRequire } from 'node:module';
import {
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
  isTracingSuppressed,
} from '@opentelemetry/core';
import type { Config } from '../config/config.ts';
import { readParent } from '../tracer/parent.ts';
import type * as others from './other-propagators.ts';

/** The flags that are written again: sampled, and random trace id. */
const KNOWN_FLAGS = 0b11;

type PropagatorName = Config['propagation.propagators'][number];

/** The conventions of all but the default ones are a file of their own: most programs never read it. */
function loadOthers(): typeof others {
  const name = import.meta.url.endsWith('.ts') ? './other-propagators.ts' : './other-propagators.cjs';
  return createRequire(import.meta.url)(name) as typeof others;
}

const PROPAGATORS: Readonly<Record<PropagatorName, () => TextMapPropagator>> = {
  tracecontext: () => new TraceContext(),
  baggage: () => new W3CBaggagePropagator(),
  b3: () => loadOthers().createB3(),
  b3multi: () => loadOthers().createB3Multi(),
  jaeger: () => loadOthers().createJaeger(),
  xray: () => loadOthers().createXRay(),
};

/** Reads and writes the headers of `propagation.propagators`; with `propagation.accept: false` it reads none. */
export function createPropagator(
  config: Pick<Config, 'propagation.propagators' | 'propagation.accept'>,
): TextMapPropagator {
  const names = config['propagation.propagators'];
  const composite = new CompositePropagator({ propagators: names.map((name) => PROPAGATORS[name]()) });
  // The headers without which nothing can come in. Others than the W3C's read more than they write.
  const entrances = names.every(isW3C) ? composite.fields() : undefined;
  return {
    inject(context, carrier, setter) {
      // Not every propagator looks for itself.
      if (!isTracingSuppressed(context)) composite.inject(context, carrier, new OnlyValid(setter));
    },
    extract(context, carrier, getter) {
      if (!config['propagation.accept']) return context;
      // Most requests of a public server bring none.
      if (entrances?.every((name) => isAbsent(getter.get(carrier, name))) === true) return context;
      return checkParent(context, composite.extract(context, carrier, readCarefully(getter)));
    },
    fields: () => composite.fields(),
  };
}

const isW3C = (name: PropagatorName): boolean => name === 'tracecontext' || name === 'baggage';
const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** W3C's, that does not look at every digit of our own ids again (W3C Trace Context 3.2). */
class TraceContext extends W3CTraceContextPropagator {
  override inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const parent = readParent(context);
    if (parent === undefined || isTracingSuppressed(context)) return;
    const { traceId, spanId, traceFlags, traceState } = parent;
    setter.set(carrier, 'traceparent', `00-${traceId}-${spanId}-0${(traceFlags & KNOWN_FLAGS).toString()}`);
    if (traceState) setter.set(carrier, 'tracestate', traceState.serialize());
  }
}

/** What no header may hold: control characters, and what is not Latin-1. */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Leaves out a header that would be empty, as of a tracestate of which nothing could be understood, or that is none: the metadata of
 * an application's baggage may be any text.
 * @note http refuses such a header, http2 sends it, and the server then resets the request.
 */
class OnlyValid<Carrier> implements TextMapSetter<Carrier> {
  readonly #setter: TextMapSetter<Carrier>;

  constructor(setter: TextMapSetter<Carrier>) {
    this.#setter = setter;
  }

  set(carrier: Carrier, name: string, value: string): void {
    // Of two ids and two numbers nothing else can be made.
    if (name === 'traceparent' || (value !== '' && !NOT_IN_HEADERS.test(value))) this.#setter.set(carrier, name, value);
  }
}

/** The W3C's limits of a baggage; more of a tracestate than anybody is asked to understand. */
const MAX_LIST_LENGTH = 8192;
const MAX_LIST_ENTRIES = 180;
/** Far more than any of the others has. */
const MAX_SINGLE_LENGTH = 4096;
const LISTS: ReadonlySet<string> = new Set(['tracestate', 'baggage']);

/**
 * Headers as the propagators may see them: texts of a bounded length. A list that came in several headers is one list; two values where
 * there can be only one are none.
 */
function readCarefully<Carrier>(getter: TextMapGetter<Carrier>): TextMapGetter<Carrier> {
  return {
    keys: (carrier) => getter.keys(carrier),
    get(carrier, name) {
      const given: unknown = getter.get(carrier, name);
      if (given === undefined || given === null) return undefined;
      const texts = (Array.isArray(given) ? given : [given]).map(toText);
      if (LISTS.has(name)) return cutList(texts.filter((text) => text !== undefined).join(','));
      const [text] = texts;
      return texts.length === 1 && text !== undefined && text.length <= MAX_SINGLE_LENGTH ? text : undefined;
    },
  };
}

/** Message brokers give headers as bytes. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined;
}

/**
 * Whole entries only: half a value would be a wrong value.
 * @note The SDK bounds the entries that it understands; each that it does not costs it an exception, 3 s for a megabyte of `a=%,`.
 */
function cutList(list: string): string {
  let end = -1;
  for (let entry = 0; entry < MAX_LIST_ENTRIES; entry++) {
    const comma = list.indexOf(',', end + 1);
    const next = comma < 0 ? list.length : comma;
    if (next > MAX_LIST_LENGTH) break;
    end = next;
    if (comma < 0) break;
  }
  return list.slice(0, Math.max(0, end));
}

/** What came in is written out again by others, so it must be what the W3C allows: ids in lower case, flags of two digits. */
function checkParent(before: Context, after: Context): Context {
  const parent = trace.getSpanContext(after);
  if (parent === undefined || parent === trace.getSpanContext(before)) return after;
  const traceId = parent.traceId.toLowerCase();
  const spanId = parent.spanId.toLowerCase();
  const traceFlags = parent.traceFlags & KNOWN_FLAGS;
  if (traceId === parent.traceId && spanId === parent.spanId && traceFlags === parent.traceFlags) return after;
  const checked = { ...parent, traceId, spanId, traceFlags };
  return isSpanContextValid(checked) ? trace.setSpanContext(after, checked) : before;
}
