// The page's state: what the viewer answered for the place where one is, and what follows from both.
import { batch, computed, effect, signal } from '@preact/signals';
import type { RouteStats, ServiceMap, TraceDetail, TraceList, TraceSummary } from '../model.ts';
import { AskError, askJson, followChanges } from './api.ts';
import { type Place, place } from './place.ts';
import { toTraceDetail } from './saved-trace.ts';
import { type TraceModel, createModel } from './trace-model.ts';

/** OTLP JSON of a page that was saved with its trace; empty in the page that a viewer serves. */
const savedJson = document.querySelector('#saved')?.textContent ?? '';
export const isSaved = savedJson.trim() !== '';

export const revision = signal(0);
export const isConnected = signal(true);
export const needsToken = signal(false);
/** What is wrong with the query, and at which character. */
export const queryError = signal<{ readonly message: string; readonly column: number | undefined } | undefined>(
  undefined,
);
/** The last answer, and the traces of it that are shown: while somebody reads, the list does not move. */
export const list = signal<TraceList | undefined>(undefined);
export const shown = signal<readonly TraceSummary[]>([]);
/** True while the list is scrolled or pointed at. */
export const isReading = signal(false);

const isFrozen = computed(() => isReading.value || place.value.trace !== undefined);
export const newCount = computed(() => {
  const known = new Set(shown.value.map(({ id }) => id));
  return (list.value?.traces ?? []).filter(({ id }) => !known.has(id)).length;
});

/** Shows all that there is. */
export function showNew(): void {
  shown.value = list.value?.traces ?? [];
}

function toSearch({ query, from, until }: Pick<Place, 'query' | 'from' | 'until'>): string {
  const params = new URLSearchParams({ query });
  if (from !== undefined) params.set('from', String(from));
  if (until !== undefined) params.set('until', String(until));
  return String(params);
}

/** An answer that is asked for anew whenever what it depends on changes; never twice at a time, and only the last one counts. */
function follow(read: () => string | undefined, onAnswer: (answer: unknown, path: string) => void): void {
  let asked: AbortController | undefined;
  let isAsking = false;
  let askedPath: string | undefined;
  let isDue = false;
  const run = async (path: string): Promise<void> => {
    isAsking = true;
    askedPath = path;
    asked = new AbortController();
    try {
      const answer = await askJson<unknown>(path, asked.signal);
      batch(() => {
        queryError.value = undefined;
        needsToken.value = false;
        onAnswer(answer, path);
      });
    } catch (error) {
      if (error instanceof AskError && error.status === 401) needsToken.value = true;
      if (error instanceof AskError && error.status === 400)
        queryError.value = { message: error.message, column: error.column };
    }
    isAsking = false;
    if (isDue) {
      isDue = false;
      const next = read();
      if (next !== undefined) void run(next);
    }
  };
  effect(() => {
    void revision.value;
    const path = read();
    if (path === undefined) return;
    if (!isAsking) void run(path);
    else {
      isDue = true;
      // The store has changed: what comes is nearly new. The question has changed: it is not wanted any more.
      if (path !== askedPath) asked?.abort();
    }
  });
}

let shownFor: string | undefined;

function takeList(answer: TraceList, path: string): void {
  list.value = answer;
  // Another question, or nothing to lose: show it all.
  if (path !== shownFor || shown.value.length === 0 || !isFrozen.peek()) {
    shownFor = path;
    shown.value = answer.traces;
    return;
  }
  const latest = new Map(answer.traces.map((trace) => [trace.id, trace]));
  shown.value = shown.value.map((trace) => latest.get(trace.id) ?? trace);
}

export const routes = signal<readonly RouteStats[] | undefined>(undefined);
export const services = signal<ServiceMap | undefined>(undefined);
export const fields = signal<readonly string[]>([]);

const detail = signal<TraceDetail | undefined>(isSaved ? toTraceDetail(savedJson) : undefined);
export const traceError = signal<string | undefined>(undefined);
export const model = computed<TraceModel | undefined>(() =>
  detail.value === undefined ? undefined : createModel(detail.value),
);

/** A trace that takes longer to come is shown as empty until it is there. */
const PATIENCE_MILLIS = 60;
const waitedFor = signal<string | undefined>(undefined);

/** The place as it is shown. A trace that is asked for is shown when it is there: nothing is laid out without it and then once more with it. */
export const view = signal<Place>(place.peek());
effect(() => {
  const next = place.value;
  const ready = [undefined, detail.value?.trace.id, waitedFor.value];
  if (isSaved || next.page !== 'traces' || ready.includes(next.trace)) view.value = next;
});

/** Loads the open trace, and again when spans are added to it. */
export async function reloadTrace(id: string): Promise<void> {
  try {
    const answer = await askJson<TraceDetail>(`/api/traces/${id}`);
    if (place.peek().trace !== id) return;
    batch(() => {
      detail.value = answer;
      traceError.value = undefined;
    });
  } catch (error) {
    if (place.peek().trace !== id) return;
    batch(() => {
      traceError.value = error instanceof Error ? error.message : String(error);
      waitFor(id);
    });
  }
}

/** Shows that a trace is not there yet, in the place of the one before. */
function waitFor(id: string): void {
  batch(() => {
    waitedFor.value = id;
    if (detail.peek()?.trace.id !== id) detail.value = undefined;
  });
}

/** OTLP JSON of one span as it was sent; of a saved page, as it was saved. */
export async function readRaw(traceId: string, spanId: string): Promise<unknown> {
  if (!isSaved) return askJson(`/api/traces/${traceId}/raw?span=${spanId}`);
  const data = JSON.parse(savedJson) as {
    resourceSpans?: { resource: unknown; scopeSpans: { scope: unknown; spans: { spanId: string }[] }[] }[];
  };
  for (const { resource, scopeSpans } of data.resourceSpans ?? [])
    for (const { scope, spans } of scopeSpans)
      for (const span of spans) if (span.spanId === spanId) return { resource, scope, span };
  return {};
}

/** Begins to ask; once. */
export function start(): void {
  if (isSaved) return;
  follow(
    () => `/api/traces?${toSearch(place.value)}`,
    (answer, path) => takeList(answer as TraceList, path),
  );
  follow(
    () => (place.value.page === 'routes' ? `/api/routes?${toSearch(place.value)}` : undefined),
    (answer) => (routes.value = answer as readonly RouteStats[]),
  );
  follow(
    () => (place.value.page === 'services' ? `/api/services?${toSearch(place.value)}` : undefined),
    (answer) => (services.value = answer as ServiceMap),
  );
  effect(() => {
    if (!isFrozen.value) showNew();
  });
  const openId = computed(() => place.value.trace);
  /** Changes when the open trace has got more spans. */
  const openSpans = computed(() => list.value?.traces.find(({ id }) => id === openId.value)?.spans);
  effect(() => {
    const id = openId.value;
    traceError.value = undefined;
    waitedFor.value = undefined;
    if (id === undefined) {
      detail.value = undefined;
      return undefined;
    }
    const patience = setTimeout(() => waitFor(id), PATIENCE_MILLIS);
    return () => clearTimeout(patience);
  });
  effect(() => {
    void openSpans.value;
    if (openId.value !== undefined) void reloadTrace(openId.value);
  });
  void followChanges(
    (next) => (revision.value = next),
    (connected) => (isConnected.value = connected),
  );
  void askJson<readonly string[]>('/api/fields').then(
    (names) => (fields.value = names),
    () => {},
  );
}
