// Part of other-propagators.ts. Ours, because OpenTelemetry's package ended with the 2.x line and takes any text for an id.
import {
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  TraceFlags,
  propagation,
  trace,
} from '@opentelemetry/api';

const TRACE_HEADER = 'uber-trace-id';
const BAGGAGE_PREFIX = 'uberctx-';
/** The limits of the W3C's baggage. */
const MAX_ENTRIES = 180;
const MAX_BAGGAGE_LENGTH = 8192;

/** `{trace id}:{span id}:{parent id, unused}:{flags}`; the ids may lack zeros in front. The colons may be percent-encoded. */
const IDENTITY = /^([\da-f]{1,32})(?::|%3a)([\da-f]{1,16})(?::|%3a)[\da-f]{0,16}(?::|%3a)([\da-f]{1,2})$/i;
const ZEROS = /^0+$/;

/** Reads and writes `uber-trace-id` and, for baggage, `uberctx-*`. */
export function createJaegerPropagator(): TextMapPropagator {
  return {
    inject(context, carrier, setter) {
      const span = trace.getSpanContext(context);
      if (span !== undefined) {
        setter.set(carrier, TRACE_HEADER, `${span.traceId}:${span.spanId}:0:${span.traceFlags & TraceFlags.SAMPLED}`);
      }
      for (const [name, value] of toHeaders(context)) setter.set(carrier, name, value);
    },
    extract: (context, carrier, getter) => extractBaggage(extractSpan(context, carrier, getter), carrier, getter),
    fields: () => [TRACE_HEADER],
  };
}

function* toHeaders(context: Context): Iterable<readonly [name: string, value: string]> {
  for (const [key, { value }] of propagation.getBaggage(context)?.getAllEntries() ?? []) {
    // Names of baggage are tokens, as names of headers are; another would make the request fail.
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(key)) yield [BAGGAGE_PREFIX + key, encodeURIComponent(value)];
  }
}

function extractSpan<Carrier>(context: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
  const header = getter.get(carrier, TRACE_HEADER);
  const [, traceId = '0', spanId = '0', flags = '0'] = (typeof header === 'string' && IDENTITY.exec(header)) || [];
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return context;
  return trace.setSpanContext(context, {
    traceId: traceId.padStart(32, '0'),
    spanId: spanId.padStart(16, '0'),
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  });
}

function extractBaggage<Carrier>(context: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
  const entries: Array<readonly [string, string]> = [];
  let length = 0;
  for (const name of getter.keys(carrier)) {
    if (!name.toLowerCase().startsWith(BAGGAGE_PREFIX)) continue;
    const value = decode(getter.get(carrier, name));
    if (value === undefined) continue;
    length += name.length + value.length;
    if (entries.length >= MAX_ENTRIES || length > MAX_BAGGAGE_LENGTH) break;
    entries.push([name.slice(BAGGAGE_PREFIX.length), value]);
  }
  if (entries.length === 0) return context;
  const known = propagation.getBaggage(context) ?? propagation.createBaggage();
  return propagation.setBaggage(
    context,
    entries.reduce((baggage, [key, value]) => baggage.setEntry(key, { value }), known),
  );
}

function decode(value: unknown): string | undefined {
  try {
    return typeof value === 'string' ? decodeURIComponent(value) : undefined;
  } catch {
    return undefined;
  }
}
