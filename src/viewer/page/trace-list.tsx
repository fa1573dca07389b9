// The list of traces, latest first. It stands still while one reads: a line says how many are new.
import { effect, signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { TraceSummary } from '../model.ts';
import { toServiceClass } from './colors.ts';
import { formatClock, formatDuration, plural } from './format.ts';
import { go } from './place.ts';
import { isReading, list, newCount, showNew, shown, view } from './state.ts';
import { Virtual, scrollTo } from './virtual.tsx';

const ROW = 40;

/** The line that the keys go on from: the open trace, or where one has been with the keys. */
const cursor = signal(-1);
effect(() => {
  const { trace } = view.value;
  const at = shown.peek().findIndex(({ id }) => id === trace);
  if (at >= 0) cursor.value = at;
});

export function TraceList() {
  const box = useRef<HTMLDivElement>(null);
  const traces = shown.value;
  const { trace: open, query, from } = view.value;
  const isCompact = open !== undefined;
  const slowest = Math.max(1e-3, ...traces.map(({ durationMillis }) => durationMillis));
  const openAt = traces.findIndex(({ id }) => id === open);

  // When new traces are shown above it, the open one may go out of sight.
  const target = useMemo(() => openAt, [open, openAt >= 0]);
  useEffect(() => () => void (isReading.value = false), []);

  const openTrace = (trace: TraceSummary | undefined): void => {
    if (trace !== undefined) go({ trace: trace.id, span: undefined }, isCompact ? 'replace' : 'push');
  };
  const move = (to: number): void => {
    cursor.value = Math.max(0, Math.min(traces.length - 1, to));
    isReading.value = true;
    scrollTo(box.current, cursor.value, ROW);
    if (isCompact) openTrace(traces[cursor.value]);
  };
  const press = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: 10,
      PageUp: -10,
    };
    const step = steps[event.key];
    if (step !== undefined) move(cursor.value < 0 ? 0 : cursor.value + step);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(traces.length - 1);
    else if (event.key === 'Enter') openTrace(traces[cursor.value]);
    else return;
    event.preventDefault();
  };

  if (traces.length === 0) return <Empty isFiltered={query !== '' || from !== undefined} />;
  return (
    <div class="list-frame">
      {newCount.value > 0 && (
        <button
          type="button"
          class="new"
          onClick={() => {
            isReading.value = false;
            showNew();
            box.current?.scrollTo({ top: 0 });
          }}
        >
          ↑ {newCount.value} new
        </button>
      )}
      <Virtual
        box={box}
        class={isCompact ? 'list compact' : 'list'}
        role="listbox"
        aria-label="Traces"
        tabIndex={0}
        aria-activedescendant={cursor.value < 0 ? undefined : `trace-${cursor.value}`}
        count={traces.length}
        rowHeight={ROW}
        target={target}
        onKeyDown={press}
        onFocus={() => {
          if (cursor.value < 0) cursor.value = 0;
        }}
        onPointerEnter={() => (isReading.value = true)}
        onPointerLeave={() => (isReading.value = (box.current?.scrollTop ?? 0) > 0)}
        onScroll={() => (isReading.value = true)}
        row={(index, top) => {
          const trace = traces[index];
          return trace === undefined ? null : (
            <Row
              key={trace.id}
              trace={trace}
              id={`trace-${index}`}
              index={index}
              count={traces.length}
              top={top}
              share={trace.durationMillis / slowest}
              isCompact={isCompact}
              isOpen={trace.id === open}
              isCursor={index === cursor.value}
              onOpen={() => {
                cursor.value = index;
                openTrace(trace);
              }}
            />
          );
        }}
      />
    </div>
  );
}

/** Services beside the root's, by name; more have no room. */
const MAX_OTHERS = 5;

interface RowProps {
  readonly trace: TraceSummary;
  readonly id: string;
  readonly index: number;
  readonly count: number;
  readonly top: number;
  /** Of the slowest. */
  readonly share: number;
  /** Beside an open trace, where there is room for less. */
  readonly isCompact: boolean;
  readonly isOpen: boolean;
  readonly isCursor: boolean;
  readonly onOpen: () => void;
}

function Row({ trace, id, index, count, top, share, isCompact, isOpen, isCursor, onOpen }: RowProps) {
  const isFailed = trace.status === 2;
  const hasErrors = trace.errors > 0;
  const state = isFailed ? 'failed' : hasErrors ? 'troubled' : 'fine';
  const others = trace.services.filter((service) => service !== trace.service);
  return (
    <div
      id={id}
      role="option"
      aria-selected={isOpen}
      aria-posinset={index + 1}
      aria-setsize={count}
      class={`row ${state}${isOpen ? ' open' : ''}${isCursor ? ' cursor' : ''}`}
      style={{ top: `${top}px` }}
      onClick={onOpen}
    >
      <span
        class="mark"
        aria-hidden="true"
        title={
          isFailed ? 'failed' : hasErrors ? 'a span below failed' : trace.hasRoot ? 'no error' : 'its root is not here'
        }
      >
        {hasErrors ? '✕' : trace.hasRoot ? '●' : '◌'}
      </span>
      {hasErrors && <span class="hidden">{isFailed ? 'failed, ' : 'errors below, '}</span>}
      {!isCompact && <time class="num dim">{formatClock(trace.startMillis)}</time>}
      <span class="what">
        <span class="name">{trace.name || '(no name)'}</span>
        <span class="who">
          {trace.pinned && <span title="pinned">⚲ </span>}
          <i class={toServiceClass(trace.service)} />
          {trace.service || '(no service)'}
          {others.slice(0, MAX_OTHERS).map((service) => (
            <span key={service} title={service} class={`other ${toServiceClass(service)}`}>
              {!isCompact && ` ${service}`}
            </span>
          ))}
          {others.length > MAX_OTHERS && <span title={others.join(', ')}> +{others.length - MAX_OTHERS}</span>}
        </span>
      </span>
      <span class="num code">{trace.httpStatus === 0 ? '' : trace.httpStatus}</span>
      {!isCompact && <span class="num dim facts">{plural(trace.spans, 'span')}</span>}
      {!isCompact && <span class="num bad facts">{hasErrors ? plural(trace.errors, 'error') : ''}</span>}
      <span class="num took">{formatDuration(trace.durationMillis)}</span>
      {!isCompact && (
        <span class="meter" aria-hidden="true">
          <span style={{ width: `${Math.max(1, share * 100)}%` }} />
        </span>
      )}
    </div>
  );
}

function Empty({ isFiltered }: { readonly isFiltered: boolean }) {
  if (list.value === undefined) return <div class="empty" />;
  if (isFiltered)
    return (
      <div class="empty">
        <h1>Nothing matches</h1>
        <p>{plural(list.value.total, 'trace')} in all.</p>
        <button type="button" onClick={() => go({ query: '', from: undefined, until: undefined })}>
          Show all
        </button>
      </div>
    );
  return (
    <div class="empty">
      <h1>Waiting for the first span</h1>
      <p>Start any program with the agent; it finds this viewer by itself:</p>
      <pre>npx tracing run -- node app.js</pre>
      <p>Programs in other languages send OTLP here, over HTTP or gRPC:</p>
      <pre>OTEL_EXPORTER_OTLP_ENDPOINT={location.origin}</pre>
    </div>
  );
}
