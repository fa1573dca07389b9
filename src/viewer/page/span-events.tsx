// Used by details.tsx: what happened within a span, and what it is linked to.
import type { SpanEvent, SpanLink } from '../model.ts';
import { formatDuration, formatValue } from './format.ts';
import { go } from './place.ts';
import { isSaved } from './state.ts';
import { Table } from './values.tsx';

export function Exception({ event }: { readonly event: SpanEvent }) {
  const { 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack } = event.attributes;
  return (
    <div class="exception">
      <b>{formatValue(type ?? 'exception')}</b>
      {message !== undefined && <p>{formatValue(message)}</p>}
      {stack !== undefined && <pre>{toFrames(formatValue(stack))}</pre>}
    </div>
  );
}

/** A stack trace in which the program's own frames stand out. */
function toFrames(stack: string) {
  return stack
    .slice(0, 20_000)
    .split('\n')
    .map((line, index) => (
      <span key={index} class={/^\s*at /.test(line) && !/node_modules|node:/.test(line) ? 'own' : ''}>
        {line}
        {'\n'}
      </span>
    ));
}

export function Event({ event, start }: { readonly event: SpanEvent; readonly start: number }) {
  const millis = Number(BigInt(event.time) / 1_000n) / 1e3 - start;
  return (
    <div class="event">
      <b>{event.name}</b> <span class="num dim">+{formatDuration(millis)}</span>
      <Table entries={Object.entries(event.attributes)} />
    </div>
  );
}

export function Link({ link }: { readonly link: SpanLink }) {
  return (
    <div class="event">
      {isSaved ? (
        <code>{link.trace}</code>
      ) : (
        <button type="button" class="link" onClick={() => go({ trace: link.trace, span: link.span })}>
          trace {link.trace.slice(0, 8)}
        </button>
      )}
      <Table entries={Object.entries(link.attributes)} />
    </div>
  );
}
