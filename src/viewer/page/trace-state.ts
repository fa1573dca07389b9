// What a person does with the open trace: selects, closes, zooms, searches. It begins anew with every trace.
import { batch, computed, effect, signal } from '@preact/signals';
import { go } from './place.ts';
import { model, view } from './state.ts';
import { type Part, type Span, type TraceModel, findSpan, search } from './trace-model.ts';
import { type Openness, type Row, reveal, toRows } from './trace-rows.ts';

const ALL_OPEN: Openness = { closed: new Set(), unfolded: new Set() };

/** A smaller part than this share of the trace is not shown. */
const MAX_ZOOM = 1e12;

export const openness = signal<Openness>(ALL_OPEN);
/** The part of the trace that is in sight; undefined: all of it. */
export const zoom = signal<Part | undefined>(undefined);
export const showsCriticalPath = signal(true);
export const showsLogs = signal(false);
export const findText = signal('');

/** The span that was asked for, else the deepest one that failed, else the first. */
export const selected = computed<Span | undefined>(() => {
  const current = model.value;
  if (current === undefined) return undefined;
  return findSpan(current, view.value.span ?? '') ?? current.deepestError ?? current.roots[0];
});

export const rows = computed<readonly Row[]>(() =>
  model.value === undefined ? [] : toRows(model.value, openness.value),
);

export const found = computed<ReadonlySet<Span>>(() =>
  model.value === undefined ? new Set() : search(model.value, findText.value.trim()),
);

/** Lines of the waterfall that hide nothing of the selected span: it is among them. */
export const selectedAt = computed(() => {
  const span = selected.value;
  const exact = rows.value.findIndex((row) => row.span === span && row.members === undefined);
  return exact >= 0 ? exact : rows.value.findIndex((row) => row.members?.includes(span as Span) === true);
});

let traceId: string | undefined;
effect(() => {
  const current = model.value;
  if (current === undefined || current.detail.trace.id === traceId) return;
  traceId = current.detail.trace.id;
  batch(() => {
    openness.value = ALL_OPEN;
    zoom.value = toFirstZoom(current);
    findText.value = '';
    showsLogs.value = false;
    const span = selected.peek();
    if (span !== undefined) openness.value = reveal(span, ALL_OPEN);
  });
});

const DAY_MILLIS = 86_400_000;

/** All of it, unless a clock that is wrong stretches it over days: then where its longest root is. */
function toFirstZoom({ roots, duration }: TraceModel): Part | undefined {
  const main = roots.toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (main === undefined || duration < DAY_MILLIS || main.end - main.start > duration / 100) return undefined;
  return [main.start, Math.max(main.end, main.start + duration / MAX_ZOOM)];
}

/** Selects a span, wherever it is hidden. */
export function select(span: Span): void {
  batch(() => {
    openness.value = reveal(span, openness.value);
    go({ span: span.detail.id }, 'replace');
  });
}

/** Opens or closes a line. */
export function toggle(row: Row): void {
  const { closed, unfolded } = openness.value;
  const change = (set: ReadonlySet<string>): ReadonlySet<string> => {
    const copy = new Set(set);
    if (!copy.delete(row.key)) copy.add(row.key);
    return copy;
  };
  openness.value =
    row.members === undefined ? { closed: change(closed), unfolded } : { closed, unfolded: change(unfolded) };
}

/** Selects the next of some spans after the selected one, in the order of the tree; round and round. */
export function selectNext(isWanted: (span: Span) => boolean, step: 1 | -1 = 1): void {
  const spans = model.value?.spans ?? [];
  const at = spans.findIndex((span) => span === selected.value);
  for (let count = 1; count <= spans.length; count++) {
    const span = spans[(at + step * count + spans.length * 2) % spans.length];
    if (span !== undefined && isWanted(span)) return select(span);
  }
}

/** The part in sight, from 0 to the duration of the trace. */
export const inSight = computed<Part>(() => zoom.value ?? [0, model.value?.duration ?? 1]);

/** Zooms around the middle of the selected span; a factor below 1 comes nearer. */
export function zoomBy(factor: number): void {
  const current = model.value;
  const span = selected.value;
  if (current === undefined || span === undefined) return;
  const [from, until] = inSight.value;
  const size = Math.max(current.duration / MAX_ZOOM, (until - from) * factor);
  if (size >= current.duration) {
    zoom.value = undefined;
    return;
  }
  const middle = Math.max(from, Math.min(until, (span.start + span.end) / 2));
  const start = Math.max(0, Math.min(current.duration - size, middle - size / 2));
  zoom.value = [start, start + size];
}
