// One trace: its facts, where its time went, the waterfall or its logs, and what the selected span says.
import { go } from './place.ts';
import { isSaved, model, reloadTrace, traceError } from './state.ts';
import { change } from './api.ts';
import { toServiceClass } from './colors.ts';
import { Details } from './details.tsx';
import { formatClock, formatDuration, plural } from './format.ts';
import { Logs } from './logs.tsx';
import { Overview } from './overview.tsx';
import { ShareMenu } from './share-menu.tsx';
import { found, findText, selectNext, selected, showsCriticalPath, showsLogs, zoom, zoomBy } from './trace-state.ts';
import { Waterfall } from './waterfall.tsx';
import type { TraceModel } from './trace-model.ts';

export function TraceView() {
  const current = model.value;
  if (traceError.value !== undefined && current === undefined)
    return (
      <section class="trace">
        <div class="empty">
          <h1>This trace is gone</h1>
          <p>The oldest make room for new ones; pinned ones stay.</p>
        </div>
      </section>
    );
  if (current === undefined) return <section class="trace" aria-busy="true" />;
  return (
    <section key={current.detail.trace.id} class="trace" aria-label={`Trace ${current.detail.trace.name}`}>
      <Head model={current} />
      <Overview />
      <Tools model={current} />
      <div class="panes">
        {showsLogs.value ? <Logs model={current} /> : <Waterfall />}
        {selected.value !== undefined && <Details model={current} span={selected.value} />}
      </div>
    </section>
  );
}

/** A smaller share has no room for a name; its title has it. */
const MIN_NAMED = 0.2;

function Head({ model: { detail, services } }: { readonly model: TraceModel }) {
  const { trace } = detail;
  const all = services.reduce((sum, { selfMillis }) => sum + selfMillis, 0) || 1;
  return (
    <div class="head">
      <div class="title">
        <h1>
          <i class={toServiceClass(trace.service)} /> {trace.name || '(no name)'}
          {trace.httpStatus !== 0 && (
            <span class={trace.httpStatus >= 500 ? 'code bad' : 'code'}>{trace.httpStatus}</span>
          )}
        </h1>
        <p class="dim">
          <b>{formatDuration(trace.durationMillis)}</b> · {plural(trace.spans, 'span')}
          {trace.errors > 0 && <b class="bad"> · {plural(trace.errors, 'error')}</b>} · {formatClock(trace.startMillis)}{' '}
          · <code title={trace.id}>{trace.id.slice(0, 8)}</code>
        </p>
      </div>
      <ul class="services" aria-label="Own time of each service">
        {services.slice(0, 8).map(({ name, selfMillis }) => (
          <li
            key={name}
            class={toServiceClass(name)}
            title={`${name}: ${formatDuration(selfMillis)} of its own`}
            aria-label={`${name} ${Math.round((selfMillis / all) * 100)}%`}
            style={{ flexGrow: Math.max(0.03, selfMillis / all) }}
          >
            {selfMillis / all >= MIN_NAMED && (
              <span>
                {name || '(no service)'} {Math.round((selfMillis / all) * 100)}%
              </span>
            )}
          </li>
        ))}
      </ul>
      <div class="actions">
        {!isSaved && (
          <button
            type="button"
            data-key="p"
            aria-pressed={trace.pinned}
            title="Keep this trace when older ones go (p)"
            onClick={() =>
              void change(trace.pinned ? 'DELETE' : 'PUT', `/api/traces/${trace.id}/pin`).then(() =>
                reloadTrace(trace.id),
              )
            }
          >
            {trace.pinned ? 'Pinned' : 'Pin'}
          </button>
        )}
        {!isSaved && <ShareMenu id={trace.id} />}
        {!isSaved && (
          <button
            type="button"
            class="icon"
            title="Back to the list (Esc)"
            aria-label="Back to the list"
            onClick={() => go({ trace: undefined, span: undefined })}
          >
            ✕
          </button>
        )}
      </div>
    </div>
  );
}

function Tools({ model: { detail, spans } }: { readonly model: TraceModel }) {
  const count = found.value.size;
  const isFinding = findText.value.trim() !== '';
  const order = isFinding
    ? spans.filter((span) => found.value.has(span)).indexOf(selected.value as (typeof spans)[number]) + 1
    : 0;
  return (
    <div class="tools">
      <div class="find" role="search">
        <input
          type="search"
          placeholder="Find in this trace"
          aria-label="Find in this trace"
          spellcheck={false}
          value={findText.value}
          onInput={({ currentTarget }) => (findText.value = currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            selectNext((span) => found.value.has(span), event.shiftKey ? -1 : 1);
          }}
        />
        <span class="num dim" role="status">
          {isFinding ? (order > 0 ? `${order} / ${count}` : `${count} found`) : ''}
        </span>
      </div>
      {detail.trace.errors > 0 && (
        <button
          type="button"
          data-key="e"
          class="bad"
          title="Next error (e)"
          onClick={() => selectNext(({ detail: { status } }) => status === 2)}
        >
          Next error
        </button>
      )}
      <button
        type="button"
        data-key="c"
        aria-pressed={showsCriticalPath.value}
        title="What the trace waited for (c)"
        onClick={() => (showsCriticalPath.value = !showsCriticalPath.value)}
      >
        Critical path
      </button>
      <button
        type="button"
        data-key="l"
        aria-pressed={showsLogs.value}
        title="Log records of the whole trace (l)"
        onClick={() => (showsLogs.value = !showsLogs.value)}
        disabled={detail.logs.length === 0}
      >
        {plural(detail.logs.length, 'log')}
      </button>
      <span class="zoom">
        <button
          type="button"
          class="icon"
          data-key="-"
          title="Zoom out (−)"
          aria-label="Zoom out"
          onClick={() => zoomBy(2)}
        >
          −
        </button>
        <button
          type="button"
          class="icon"
          data-key="+"
          title="Zoom in (+)"
          aria-label="Zoom in"
          onClick={() => zoomBy(0.5)}
        >
          +
        </button>
        <button
          type="button"
          data-key="0"
          title="The whole trace (0)"
          disabled={zoom.value === undefined}
          onClick={() => (zoom.value = undefined)}
        >
          All
        </button>
      </span>
    </div>
  );
}
