// Enabled by tracing.ts where `propagation.workers` asks for it: a message between a worker and the thread that made it is handled in the context
// in which it was posted.
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  baggageEntryMetadataFromString,
  context,
  createTraceState,
  isSpanContextValid,
  propagation,
  trace,
} from '@opentelemetry/api';
import { type Lane, type ThreadMessages, watchThreadMessages } from '../../hooks/thread-messages.ts';
import { reportInternalError } from '../../log/guard.ts';
import { ContextBoard, MAX_TEXT_BYTES } from './context-board.ts';

type Baggage = ReadonlyArray<readonly [name: string, value: string, metadata: string]>;
type Written = readonly [SpanContext['traceId'], SpanContext['spanId'], SpanContext['traceFlags'], string, Baggage];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Joins this thread to the board that all threads share. */
export function enableThreadContext(memory: SharedArrayBuffer): ThreadMessages {
  const board = new ContextBoard(memory);
  const toKey = ({ threadId, towards }: Lane, number: number) => ({
    lane: threadId * 2 + (towards === 'worker' ? 0 : 1),
    number,
  });
  return watchThreadMessages({
    onPost(lane, number) {
      const text = writeContext(context.active());
      if (text === undefined) return undefined;
      const key = toKey(lane, number);
      board.put(key, text);
      return () => void board.take(key);
    },
    onDeliver(lane, number, deliver) {
      let posted: Context | undefined;
      try {
        const text = board.take(toKey(lane, number));
        posted = text === undefined ? undefined : readContext(text);
      } catch (error) {
        reportInternalError('the context of a message', error);
      }
      if (posted === undefined) deliver();
      else context.with(posted, deliver);
    },
    onSkip: (lane, number) => void board.take(toKey(lane, number)),
  });
}

/** As JSON: what does not fit goes without its baggage, then without its tracestate. */
function writeContext(active: Context): Uint8Array | undefined {
  const spanContext = trace.getSpanContext(active);
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const entries = propagation.getBaggage(active)?.getAllEntries() ?? [];
  const baggage: Baggage = entries.map(([name, { value, metadata }]) => [name, value, metadata?.toString() ?? '']);
  const state = traceState?.serialize() ?? '';
  const versions: Written[] = [
    [traceId, spanId, traceFlags, state, baggage],
    [traceId, spanId, traceFlags, state, []],
    [traceId, spanId, traceFlags, '', []],
  ];
  return versions
    .map((version) => encoder.encode(JSON.stringify(version)))
    .find(({ length }) => length <= MAX_TEXT_BYTES);
}

/** Not remote: it is this very process. */
function readContext(text: Uint8Array): Context {
  // Only writeContext() writes on the board.
  const [traceId, spanId, traceFlags, state, baggage] = JSON.parse(decoder.decode(text)) as Written;
  const spanContext = { traceId, spanId, traceFlags, ...(state !== '' && { traceState: createTraceState(state) }) };
  const posted = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  if (baggage.length === 0) return posted;
  const entries = baggage.map(([name, value, metadata]) => [
    name,
    { value, ...(metadata !== '' && { metadata: baggageEntryMetadataFromString(metadata) }) },
  ]);
  return propagation.setBaggage(posted, propagation.createBaggage(Object.fromEntries(entries)));
}
