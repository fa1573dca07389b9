// Beside the waterfall: everything the selected span says. A click on a value asks for all spans that have it.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { TraceDetail } from '../model.ts';
import { askJson } from './api.ts';
import { toServiceClass } from './colors.ts';
import { KINDS, formatDuration } from './format.ts';
import { LogLines } from './log-lines.tsx';
import { Event, Exception, Link } from './span-events.tsx';
import { readRaw } from './state.ts';
import { type Span, type TraceModel, toAttributes } from './trace-model.ts';
import { Filter, Many, Table } from './values.tsx';

/** Lines, and blocks of lines, that are shown before one asks for more. */
const MANY = 100;
const FEW = 20;

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
      <Many key={`exceptions ${detail.id}`} items={exceptions} step={FEW}>
        {(shown) => shown.map((event, index) => <Exception key={index} event={event} />)}
      </Many>
      {span.logs.length > 0 && (
        <Section title="Logs" count={span.logs.length}>
          <Many key={detail.id} items={span.logs} step={MANY}>
            {(logs) => <LogLines logs={logs} />}
          </Many>
        </Section>
      )}
      {attributes.length > 0 && (
        <Section title="Attributes" count={attributes.length}>
          <Many key={detail.id} items={attributes} step={MANY}>
            {(entries) => <Table entries={entries} />}
          </Many>
        </Section>
      )}
      {others.length > 0 && (
        <Section title="Events" count={others.length}>
          <Many key={detail.id} items={others} step={FEW}>
            {(shown) =>
              shown.map((event, index) => <Event key={index} event={event} start={model.detail.trace.startMillis} />)
            }
          </Many>
        </Section>
      )}
      {more.links !== undefined && (
        <Section title="Links" count={more.links.length}>
          <Many key={detail.id} items={more.links} step={FEW}>
            {(shown) => shown.map((link, index) => <Link key={index} link={link} />)}
          </Many>
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
          Left out: {more.dropped[0]} attributes, {more.dropped[1]} events, {more.dropped[2]} links.
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
