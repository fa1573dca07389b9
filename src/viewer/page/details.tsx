// Beside the waterfall: everything the selected span says. A click on a value asks for all spans that have it.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Attributes, LogDetail, SpanEvent, SpanLink, TraceDetail } from '../model.ts';
import { askJson } from './api.ts';
import { toServiceClass } from './colors.ts';
import { KINDS, formatDuration, formatValue, toLevel } from './format.ts';
import { filterBy, go, isSaved, readRaw, toCondition } from './state.ts';
import { type Span, type TraceModel, toAttributes } from './trace-model.ts';

interface DetailsProps {
  readonly model: TraceModel;
  readonly span: Span;
}

export function Details({ model, span }: DetailsProps) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.scrollTo({ top: 0 }), [span.detail.id]);
  const whole = useWhole(model, span);
  const { detail } = span;
  const more = whole?.span.more ?? {};
  const attributes = whole === undefined ? [] : (toAttributes(whole.trace, whole.span) ?? []);
  const origin = model.detail.origins[detail.origin];
  const events = more.events ?? [];
  const exceptions = events.filter(({ name }) => name === 'exception');
  const others = events.filter(({ name }) => name !== 'exception');
  const kind = KINDS[detail.kind] ?? '';
  return (
    <aside class="details" ref={box} aria-label="Span" aria-busy={whole === undefined}>
      <h2>
        <i class={toServiceClass(span.service)} /> {detail.name || '(no name)'}
      </h2>
      <p class="dim">
        {kind} {kind !== '' && 'of'} <Filter name="service" value={span.service} />
        {detail.status === 2 && <b class="bad"> failed</b>}
      </p>
      <dl class="facts">
        <Fact name="duration">{formatDuration(span.end - span.start)}</Fact>
        <Fact name="own time">{formatDuration(span.selfMillis)}</Fact>
        <Fact name="begins at">{span.start === 0 ? '0' : `+${formatDuration(span.start)}`}</Fact>
      </dl>
      {more.message !== undefined && <p class="message">{more.message}</p>}
      {exceptions.map((event, index) => (
        <Exception key={index} event={event} />
      ))}
      {span.logs.length > 0 && (
        <Section title="Logs" count={span.logs.length}>
          <LogLines logs={span.logs} />
        </Section>
      )}
      {attributes.length > 0 && (
        <Section title="Attributes" count={attributes.length}>
          <Table entries={attributes} />
        </Section>
      )}
      {others.length > 0 && (
        <Section title="Events" count={others.length}>
          {others.map((event, index) => (
            <Event key={index} event={event} start={model.detail.trace.startMillis} />
          ))}
        </Section>
      )}
      {more.links !== undefined && (
        <Section title="Links" count={more.links.length}>
          {more.links.map((link, index) => (
            <Link key={index} link={link} />
          ))}
        </Section>
      )}
      {origin !== undefined && (
        <Section title="Resource" isClosed>
          <Table entries={Object.entries(origin.resource)} />
        </Section>
      )}
      {origin !== undefined && (
        <p class="dim small">
          {origin.scope.name} {origin.scope.version}
        </p>
      )}
      {more.dropped !== undefined && (
        <p class="dim small">
          The program dropped {more.dropped[0]} attributes, {more.dropped[1]} events and {more.dropped[2]} links.
        </p>
      )}
      <Raw key={detail.id} traceId={model.detail.trace.id} spanId={detail.id} />
    </aside>
  );
}

/** The span with its attributes; of a trace that is too large to be sent whole, they are asked for. */
function useWhole(
  model: TraceModel,
  span: Span,
): { readonly trace: TraceDetail; readonly span: TraceDetail['spans'][number] } | undefined {
  const loaded = useSignal<TraceDetail | undefined>(undefined);
  const { detail } = span;
  const isWhole = detail.values !== undefined;
  useEffect(() => {
    loaded.value = undefined;
    if (isWhole) return undefined;
    const asked = new AbortController();
    askJson<TraceDetail>(`/api/traces/${model.detail.trace.id}?span=${detail.id}`, asked.signal).then(
      (answer) => (loaded.value = answer),
      () => {},
    );
    return () => asked.abort();
  }, [detail.id]);
  if (isWhole) return { trace: model.detail, span: detail };
  const answer = loaded.value?.spans.find(({ id }) => id === detail.id);
  return loaded.value === undefined || answer === undefined ? undefined : { trace: loaded.value, span: answer };
}

function Fact({ name, children }: { readonly name: string; readonly children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="num">{children}</dd>
    </div>
  );
}

function Section({
  title,
  count,
  isClosed = false,
  children,
}: {
  readonly title: string;
  readonly count?: number;
  readonly isClosed?: boolean;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <details class="section" open={!isClosed}>
      <summary>
        {title} {count !== undefined && <span class="dim">{count}</span>}
      </summary>
      {children}
    </details>
  );
}

/** A value that all of its like can be asked for; in a saved page there is nobody to ask. */
function Filter({ name, value }: { readonly name: string; readonly value: unknown }) {
  const text = formatValue(value);
  const isAskable = !isSaved && /^[\w$@][\w$@./:-]*$/.test(name) && text.length <= 200 && typeof value !== 'object';
  if (!isAskable) return <Text text={text} />;
  return (
    <button
      type="button"
      class="value"
      title={`Show traces with ${name}=${text}`}
      onClick={() => filterBy(toCondition(name, value))}
    >
      {text || '""'}
    </button>
  );
}

const LONG = 600;

/** Long texts open on request: laying out a megabyte takes seconds. */
function Text({ text }: { readonly text: string }) {
  const isOpen = useSignal(false);
  if (text.length <= LONG || isOpen.value) return <span class="value">{text}</span>;
  return (
    <span class="value">
      {text.slice(0, LONG)}…{' '}
      <button type="button" class="link" onClick={() => (isOpen.value = true)}>
        all {text.length} characters
      </button>
    </span>
  );
}

function Table({ entries }: { readonly entries: ReadonlyArray<readonly [string, unknown]> }) {
  return (
    <dl class="table">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Filter name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Exception({ event }: { readonly event: SpanEvent }) {
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

function Event({ event, start }: { readonly event: SpanEvent; readonly start: number }) {
  const millis = Number(BigInt(event.time) / 1_000n) / 1e3 - start;
  return (
    <div class="event">
      <b>{event.name}</b> <span class="num dim">+{formatDuration(millis)}</span>
      <Table entries={Object.entries(event.attributes)} />
    </div>
  );
}

function Link({ link }: { readonly link: SpanLink }) {
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

export function LogLines({
  logs,
  onSelect,
}: {
  readonly logs: readonly LogDetail[];
  readonly onSelect?: (log: LogDetail) => void;
}) {
  return (
    <ol class="logs">
      {logs.map((log, index) => (
        <li key={index} class={toLevel(log.severity)}>
          <span class="num dim">+{formatDuration(log.time)}</span>
          <b>{log.severityText.toLowerCase() || toLevel(log.severity)}</b>
          {onSelect === undefined ? (
            <Text text={formatValue(log.body)} />
          ) : (
            <button type="button" class="value" title="Show the span" onClick={() => onSelect(log)}>
              {formatValue(log.body).slice(0, 2_000)}
            </button>
          )}
          <Inline attributes={log.attributes} />
        </li>
      ))}
    </ol>
  );
}

function Inline({ attributes }: { readonly attributes: Attributes }) {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return null;
  return (
    <span class="inline">
      {entries.slice(0, 20).map(([name, value]) => (
        <span key={name}>
          {name}=<span>{formatValue(value).slice(0, 200)}</span>
        </span>
      ))}
    </span>
  );
}

function Raw({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }) {
  const text = useSignal<string | undefined>(undefined);
  const open = (isOpen: boolean): void => {
    if (!isOpen || text.value !== undefined) return;
    readRaw(traceId, spanId).then(
      (raw) => (text.value = JSON.stringify(raw, null, 2)),
      (error: unknown) => (text.value = String(error)),
    );
  };
  return (
    <details class="section" onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary>Raw OTLP</summary>
      {text.value !== undefined && <pre class="raw">{text.value.slice(0, 100_000)}</pre>}
    </details>
  );
}
