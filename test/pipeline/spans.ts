// Real ended spans of the SDK, for tests of what happens to spans after their end.
import type { Attributes, Link } from '@opentelemetry/api';
import { AlwaysOnSampler, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';

/** Makes ended spans, one for each name. */
export function makeSpans(names: readonly string[], attributes: Attributes = {}, links: Link[] = []): ReadableSpan[] {
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span) => void ended.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  for (const name of names) provider.getTracer('test').startSpan(name, { attributes, links }).end();
  return ended;
}

/** One ended span. */
export function makeSpan(name: string, attributes: Attributes = {}): ReadableSpan {
  const [span] = makeSpans([name], attributes);
  if (span === undefined) throw new Error('the SDK made no span');
  return span;
}
