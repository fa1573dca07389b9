// The spans of a trace, a line each: the tree on the left, time on the right. Only lines in sight are in the page, so thousands are no more than ten.
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { toServiceClass } from './colors.ts';
import { formatDuration, toTicks } from './format.ts';
import type { Part, Row, Span, TraceModel } from './trace-model.ts';
import {
  findText,
  found,
  inSight,
  rows,
  select,
  selectedAt,
  showsCriticalPath,
  toggle,
  zoomBy,
} from './trace-state.ts';
import { Virtual, scrollTo } from './virtual.tsx';

const ROW = 28;
const HEAD = 26;
const INDENT = 14;
/** Deeper spans stand below each other. */
const MAX_INDENT = 20;

/** What a line draws to the left of its name: for each level whether a line goes through it, and whether that leads to an error. */
interface Rails {
  /** The last line that hangs from this one, and the last of those on the way to an error. */
  readonly last: Int32Array;
  readonly lastError: Int32Array;
}

export function Waterfall({ model }: { readonly model: TraceModel }) {
  const box = useRef<HTMLDivElement>(null);
  const lines = rows.value;
  const at = selectedAt.value;
  const rails = toRails(lines);
  const part = inSight.value;
  const isFinding = findText.value.trim() !== '';
  const labelWidth = useSignal(readLabelWidth());

  useLayoutEffect(() => scrollTo(box.current, at, ROW, HEAD), [at, model]);

  const press = (event: KeyboardEvent): void => {
    const row = lines[at];
    if (row === undefined) return;
    const move = (to: number): void => {
      const next = lines[Math.max(0, Math.min(lines.length - 1, to))];
      if (next !== undefined) choose(next);
    };
    if (event.key === 'ArrowDown' || event.key === 'j') move(at + 1);
    else if (event.key === 'ArrowUp' || event.key === 'k') move(at - 1);
    else if (event.key === 'PageDown') move(at + 15);
    else if (event.key === 'PageUp') move(at - 15);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(lines.length - 1);
    else if (event.key === 'ArrowRight') {
      if (row.isParent && !row.isOpen) toggle(row);
      else move(at + 1);
    } else if (event.key === 'ArrowLeft') {
      if (row.isParent && row.isOpen) toggle(row);
      else if (row.parentAt >= 0) move(row.parentAt);
    } else if (event.key === 'Enter' && row.isParent) toggle(row);
    else return;
    event.preventDefault();
  };

  return (
    <Virtual
      box={box}
      class={isFinding ? 'waterfall finding' : 'waterfall'}
      style={{ '--label': `${labelWidth.value}%` }}
      role="tree"
      aria-label="Spans"
      tabIndex={0}
      aria-activedescendant={at < 0 ? undefined : `span-${at}`}
      count={lines.length}
      rowHeight={ROW}
      onKeyDown={press}
      onWheel={(event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoomBy(event.deltaY > 0 ? 1.25 : 0.8);
      }}
      head={<Axis part={part} labelWidth={labelWidth} />}
      row={(index, top) => {
        const row = lines[index];
        return row === undefined ? null : (
          <Line
            key={row.key}
            row={row}
            index={index}
            top={top}
            part={part}
            rails={rails}
            rows={lines}
            isSelected={index === at}
            isFound={isFinding && isIn(row)}
          />
        );
      }}
    />
  );
}

const isIn = ({ span, members }: Row): boolean =>
  members === undefined ? found.value.has(span) : members.some((member) => found.value.has(member));

/** A fold is selected by its first member, which then is shown. */
function choose(row: Row): void {
  if (row.members !== undefined && !row.isOpen) toggle(row);
  select(row.span);
}

function toRails(lines: readonly Row[]): Rails {
  const last = new Int32Array(lines.length).fill(-1);
  const lastError = new Int32Array(lines.length).fill(-1);
  for (const [index, { parentAt, span, members }] of lines.entries()) {
    if (parentAt < 0) continue;
    last[parentAt] = index;
    if (members === undefined && span.hasError) lastError[parentAt] = index;
  }
  return { last, lastError };
}

const LABEL_KEY = 'label-width';

function readLabelWidth(): number {
  try {
    const width = Number(localStorage.getItem(LABEL_KEY));
    return width >= 15 && width <= 75 ? width : 42;
  } catch {
    return 42;
  }
}

function Axis({ part: [from, until], labelWidth }: { readonly part: Part; readonly labelWidth: { value: number } }) {
  const drag = (event: PointerEvent): void => {
    const handle = event.currentTarget as HTMLElement;
    const frame = handle.closest('.waterfall')?.getBoundingClientRect();
    if (frame === undefined) return;
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }: PointerEvent): void => {
      labelWidth.value = Math.max(15, Math.min(75, ((clientX - frame.left) / frame.width) * 100));
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener(
      'pointerup',
      () => {
        handle.removeEventListener('pointermove', move);
        try {
          localStorage.setItem(LABEL_KEY, String(labelWidth.value));
        } catch {
          // Then for this time only.
        }
      },
      { once: true },
    );
  };
  return (
    <div class="axis" aria-hidden="true">
      <div class="handle" onPointerDown={drag} />
      <div class="ticks">
        {toTicks(from, until, 6).map((tick) => (
          <span key={tick} style={{ left: `${((tick - from) / (until - from)) * 100}%` }}>
            {formatDuration(tick)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly index: number;
  readonly top: number;
  readonly part: Part;
  readonly rails: Rails;
  readonly isSelected: boolean;
  readonly isFound: boolean;
}

function Line({ row, rows: lines, index, top, part, rails, isSelected, isFound }: LineProps) {
  const { span, members, isParent, isOpen, depth } = row;
  const { detail, service } = span;
  const isFailed = members === undefined && detail.status === 2;
  const isElsewhere = span.parent === undefined || span.parent.service !== service;
  const level = Math.min(depth, MAX_INDENT);
  const label =
    members === undefined ? detail.name || '(no name)' : `${members.length} × ${detail.name || '(no name)'}`;
  const classes = [
    'line',
    toServiceClass(service),
    isFailed && 'failed',
    isSelected && 'selected',
    isFound && 'found',
    members !== undefined && 'fold',
  ];
  return (
    <div
      id={`span-${index}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={isParent ? isOpen : undefined}
      aria-selected={isSelected}
      aria-label={`${label}, ${service}, ${formatDuration(span.end - span.start)}${isFailed ? ', failed' : ''}`}
      class={classes.filter(Boolean).join(' ')}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => (members === undefined ? select(span) : toggle(row))}
    >
      <div class="label">
        <Guides row={row} rows={lines} index={index} rails={rails} />
        <span
          class="twist"
          style={{ marginLeft: `${level * INDENT}px` }}
          onClick={(event) => {
            if (!isParent) return;
            event.stopPropagation();
            toggle(row);
          }}
        >
          {isParent ? (isOpen ? '▾' : '▸') : ''}
        </span>
        <i />
        <span class="name">{label}</span>
        {detail.httpStatus !== 0 && members === undefined && <span class="code">{detail.httpStatus}</span>}
        {isFailed && <span class="bad">✕</span>}
        {isElsewhere && <span class="who">{service}</span>}
        {isParent && !isOpen && members === undefined && <span class="more">+{span.below}</span>}
      </div>
      <div class="time">
        <Bars spans={members ?? [span]} part={part} isFold={members !== undefined} />
      </div>
    </div>
  );
}

/** The lines of the tree, red where they lead to an error. */
function Guides({ row, rows: lines, index, rails }: Pick<LineProps, 'row' | 'rows' | 'index' | 'rails'>) {
  const guides = [];
  for (let above = row.parentAt, isOwn = true; above >= 0; above = lines[above]?.parentAt ?? -1, isOwn = false) {
    const depth = lines[above]?.depth ?? 0;
    if (depth >= MAX_INDENT) continue;
    const isThrough = index < (rails.last[above] ?? -1);
    const isOn = index === (rails.last[above] ?? -1) && isOwn;
    if (!isThrough && !isOn && !isOwn) continue;
    const errorUntil = rails.lastError[above] ?? -1;
    const leads = isOwn && row.members === undefined && row.span.hasError;
    const classes = [
      'guide',
      isOwn ? 'own' : '',
      isThrough ? '' : 'end',
      index < errorUntil || leads ? 'red' : '',
      leads ? 'leads' : '',
      isThrough && leads && index >= errorUntil ? 'stops' : '',
    ];
    guides.push(
      <span key={depth} class={classes.filter(Boolean).join(' ')} style={{ left: `${depth * INDENT + 13}px` }} />,
    );
  }
  return <>{guides}</>;
}

/** Stretches that are nearer to each other than this share of the width are drawn as one: nobody could tell them apart. */
const MIN_GAP = 1 / 300;

function joinNear(parts: readonly Part[], minGap: number): readonly Part[] {
  const joined: Part[] = [];
  for (const [from, until] of parts.toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && from - last[1] < minGap) joined[joined.length - 1] = [last[0], Math.max(last[1], until)];
    else joined.push([from, until]);
  }
  return joined;
}

function Bars({
  spans,
  part: [from, until],
  isFold,
}: {
  readonly spans: readonly Span[];
  readonly part: Part;
  readonly isFold: boolean;
}) {
  const size = until - from;
  const place = ([start, end]: Part) => {
    const left = Math.max(-0.5, ((start - from) / size) * 100);
    const right = Math.min(100.5, ((end - from) / size) * 100);
    return { left: `${left}%`, width: `max(2px, ${Math.max(0, right - left)}%)` };
  };
  const isInSight = ([start, end]: Part): boolean => end >= from && start <= until;
  const shown = spans.filter((span) => isInSight([span.start, span.end]));
  const [first] = shown;
  if (first === undefined) {
    const [any] = spans;
    return <span class="outside">{any !== undefined && any.end < from ? '◂' : '▸'}</span>;
  }
  const end = shown.reduce((latest, span) => Math.max(latest, span.end), 0);
  const total = isFold ? spans.reduce((sum, span) => sum + span.end - span.start, 0) : first.end - first.start;
  const right = ((end - from) / size) * 100;
  const selfParts = isFold ? [] : joinNear(first.selfParts.filter(isInSight), size * MIN_GAP);
  const criticalParts = showsCriticalPath.value
    ? joinNear(shown.flatMap(({ criticalParts: parts }) => parts).filter(isInSight), size * MIN_GAP)
    : [];
  return (
    <>
      {shown.slice(0, 200).map((span) => (
        <span key={span.detail.id} class={isFold ? 'bar self' : 'bar'} style={place([span.start, span.end])} />
      ))}
      {selfParts.map((part) => (
        <span key={part[0]} class="bar self" style={place(part)} />
      ))}
      {criticalParts.map((part) => (
        <span key={part[0]} class="critical" style={place(part)} />
      ))}
      <span class="num" style={{ left: `calc(${Math.min(100, right)}% + 6px)` }}>
        {isFold ? 'Σ ' : ''}
        {formatDuration(total)}
      </span>
    </>
  );
}
