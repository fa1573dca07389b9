// The `line` mode: one line for every span when it ends, each naming its trace since nothing else holds them together.
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { toErrorLines } from './exception-text.ts';
import { toClockCells, type Look } from './look.ts';
import { renderRow, renderText, type Cell } from './row.ts';
import { isFailed, toFields, toLabel, toStatus } from './span-facts.ts';
import { formatDuration, toMillis } from './time-text.ts';

const DIRECTIONS: Readonly<Record<SpanKind, string>> = {
  [SpanKind.SERVER]: '←',
  [SpanKind.CONSUMER]: '←',
  [SpanKind.CLIENT]: '→',
  [SpanKind.PRODUCER]: '→',
  [SpanKind.INTERNAL]: '·',
};

/** Returns the line of a span: clock, trace, direction, label, status, duration, and the first error. */
export function renderSpanLine(span: ReadableSpan, look: Look): string {
  const trace = `${span.spanContext().traceId.slice(0, 6)} ${DIRECTIONS[span.kind]} `;
  const [error] = toErrorLines(span, look.cwd);
  const tail: Cell[] = isFailed(span) ? [{ text: '✗', style: 'red' }] : [];
  if (error !== undefined) tail.push({ text: ` ${error}`, style: 'red' });
  if (look.verbose) tail.push({ text: ` ${toFields(span.attributes)}`, style: 'dim' });
  return renderRow(
    {
      label: [...toClockCells(toMillis(span.startTime), look), { text: trace, style: 'dim' }, ...toLabel(span)],
      status: toStatus(span),
      duration: formatDuration(toMillis(span.duration)),
      tail,
    },
    look.layout,
    look.paint,
  );
}

/** Returns the least that can be said of a span, for when drawing it went wrong. */
export function renderPlainLine(span: ReadableSpan, look: Look): string {
  const text = `${span.name.replaceAll(/[^\u0020-\u007e]/g, '?')}  ${Math.round(toMillis(span.duration))} ms`;
  return renderText([{ text, style: 'plain' }], look.layout, look.paint);
}
