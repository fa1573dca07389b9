// Values that the types forbid and JavaScript allows: one of them in one span must not cost the whole batch, nor the application anything.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Span, SpanKind, type SpanStatus, type TimeInput, type Tracer } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { createProvider, collectInto } from './provider.ts';

/** What becomes of a span with a start of its own. */
function live(options: object, work: (span: Span) => void = () => {}): ReadableSpan {
  const ended: ReadableSpan[] = [];
  const tracer = createProvider({ spanProcessors: [collectInto(ended)] }).getTracer('odd');
  const span = tracer.startSpan('odd', options);
  work(span);
  span.end();
  const [only] = ended;
  assert(only !== undefined && ended.length === 1);
  return only;
}

suite('a span with a value that no receiver takes', () => {
  for (const kind of [77, -3, 1.5, NaN, 'server', 'SERVER', null])
    test(`has no kind ${kind}`, () => assert.equal(live({ kind }).kind, SpanKind.INTERNAL));

  for (const code of [99, -1, 'x', null, undefined])
    test(`has no status ${code}`, () => {
      const odd = { code, message: 'no' } as unknown as SpanStatus;
      assert.deepEqual(live({}, (span) => span.setStatus(odd)).status, { code: 0 });
    });

  for (const [what, time] of [
    ['NaN', NaN],
    ['an invalid Date', new Date('x')],
    ['a number without end', Infinity],
    ['a number beyond 64 bits of nanoseconds', 1e20],
    ['a pair before 1970', [-5, 0]],
    ['a pair of no numbers', [Infinity, NaN]],
  ] as ReadonlyArray<[string, TimeInput]>)
    test(`has no time that is ${what}: it is now`, () => {
      const before = Math.floor(Date.now() / 1000) - 1;
      const { startTime, endTime, events } = live({ startTime: time }, (span) => {
        span.addEvent('event', {}, time);
        span.end(time);
      });
      for (const [seconds, nanos] of [startTime, endTime, ...events.map((event) => event.time)]) {
        assert(seconds >= before && seconds <= before + 60, `${seconds} s`);
        assert(nanos >= 0 && nanos < 1e9, `${nanos} ns`);
      }
    });
});

suite('no argument throws that the API takes without an SDK:', () => {
  const odd = [undefined, null, 0, 'text', true, Symbol('odd'), [], [null], {}, Object.create(null), () => {}, 5n];
  const calls: Readonly<Record<string, (span: Span, tracer: Tracer, value: never) => unknown>> = {
    'startSpan, name': (_, tracer, value) => tracer.startSpan(value).end(),
    'startSpan, options': (_, tracer, value) => tracer.startSpan('odd', value).end(),
    'startSpan, links': (_, tracer, value) => tracer.startSpan('odd', { links: value }).end(),
    'startSpan, attributes': (_, tracer, value) => tracer.startSpan('odd', { attributes: value }).end(),
    startActiveSpan: (_, tracer, value) => tracer.startActiveSpan('odd', value, (span) => span.end()),
    setAttribute: (span, _, value) => span.setAttribute('odd', value),
    'setAttribute, name': (span, _, value) => span.setAttribute(value, 1),
    setAttributes: (span, _, value) => span.setAttributes(value),
    addEvent: (span, _, value) => span.addEvent('odd', value),
    'addEvent, name': (span, _, value) => span.addEvent(value),
    addLink: (span, _, value) => span.addLink(value),
    'addLink, context': (span, _, value) => span.addLink({ context: value }),
    addLinks: (span, _, value) => span.addLinks(value),
    setStatus: (span, _, value) => span.setStatus(value),
    recordException: (span, _, value) => span.recordException(value),
    updateName: (span, _, value) => span.updateName(value),
    end: (span, _, value) => span.end(value),
  };
  for (const [name, call] of Object.entries(calls))
    test(name, () => {
      const ended: ReadableSpan[] = [];
      const tracer = createProvider({ spanProcessors: [collectInto(ended)] }).getTracer('odd');
      for (const value of odd) {
        const span = tracer.startSpan('odd');
        call(span, tracer, value as never);
        if (span.isRecording()) span.end();
      }
      for (const { links } of ended) assert.deepEqual(links, []);
    });
});

test('a span that cannot be cleaned is not sent, and ends without a word to the application', () => {
  const ended: ReadableSpan[] = [];
  const failing = {
    ...collectInto([]),
    onEnding() {
      throw new TypeError('a link without a context');
    },
  };
  const span = createProvider({ spanProcessors: [failing, collectInto(ended)] })
    .getTracer('odd')
    .startSpan('odd');
  assert.doesNotThrow(() => span.end());
  assert.equal(span.isRecording(), false);
  assert.deepEqual(ended, []);
});
