// Used all over the page: where one is. It is in the address, so that back, reload and copying it work.
import { signal } from '@preact/signals';

export type Page = 'traces' | 'routes' | 'services';

export interface Place {
  readonly page: Page;
  readonly query: string;
  /** The time that was dragged over, milliseconds since the epoch. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly trace: string | undefined;
  readonly span: string | undefined;
}

export const place = signal<Place>(readPlace());

function readPlace(): Place {
  const [, page = 'traces', search = ''] = /^#\/(\w*)\??(.*)$/.exec(location.hash) ?? [];
  const params = new URLSearchParams(search);
  const number = (name: string): number | undefined => (params.has(name) ? Number(params.get(name)) : undefined);
  return {
    page: page === 'routes' || page === 'services' ? page : 'traces',
    query: params.get('q') ?? '',
    from: number('from'),
    until: number('until'),
    trace: params.get('trace') ?? undefined,
    span: params.get('span') ?? undefined,
  };
}

/** Goes somewhere; a step back returns, unless it only replaces. */
export function go(change: Partial<Place>, how: 'push' | 'replace' = 'push'): void {
  const next = { ...place.value, ...change };
  const params = new URLSearchParams();
  if (next.query !== '') params.set('q', next.query);
  for (const name of ['from', 'until', 'trace', 'span'] as const) {
    const value = next[name];
    if (value !== undefined) params.set(name, String(value));
  }
  const search = params.size === 0 ? '' : `?${params}`;
  if (how === 'push') history.pushState(null, '', `#/${next.page}${search}`);
  else history.replaceState(null, '', `#/${next.page}${search}`);
  place.value = next;
}

addEventListener('popstate', () => (place.value = readPlace()));
addEventListener('hashchange', () => (place.value = readPlace()));

/** Adds a condition to the query and shows what matches. */
export function filterBy(condition: string): void {
  const { query } = place.value;
  const isThere = query.split(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/).includes(condition);
  go({ page: 'traces', trace: undefined, span: undefined, query: isThere ? query : `${query} ${condition}`.trim() });
}

/** A condition of the query language for a value, in quotes where it needs them. */
export function toCondition(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isPlain = /^[^\s()"*]+$/.test(text) && (typeof value !== 'string' || !/^(?:true|false)$/.test(text));
  return `${name}=${isPlain ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`}`;
}
