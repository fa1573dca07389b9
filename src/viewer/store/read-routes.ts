// Called by the API: how often each route is asked for, how often it fails, how long it takes.
import { HISTOGRAM_LIMITS, type RouteStats } from '../model.ts';
import { type ListInput, toWhere } from './read-traces.ts';
import type { Store } from './store.ts';

const MAX_ROUTES = 500;

/** The spans of servers and consumers of all traces that match, by service and name; those that took the longest altogether first. */
export function readRoutes(store: Store, input: Omit<ListInput, 'limit'>): readonly RouteStats[] {
  const { sql, params } = toWhere(input);
  // One row a route with all its durations as JSON: a row for each span would cost more than everything else together.
  const rows = store.database
    .prepare(
      `SELECT o.service, s.name, sum(s.status = 2) AS errors, json_group_array((s.end_nanos - s.start_nanos) / 1e6) AS durations,
        min(s.start_nanos) / 6e10 AS first, max(s.start_nanos) / 6e10 AS last
       FROM spans s JOIN origins o ON o.id = s.origin WHERE s.kind IN (2, 5) AND s.trace IN (SELECT t.id FROM traces t WHERE ${sql})
       GROUP BY o.service, s.name ORDER BY total(s.end_nanos - s.start_nanos) DESC LIMIT ?`,
    )
    .all(...params, MAX_ROUTES);
  const first = Math.min(...rows.map((row) => Number(row['first'])));
  const last = Math.max(...rows.map((row) => Number(row['last'])));
  // A rate over less than a second says nothing.
  const minutes = Math.max(last - first, 1 / 60);
  return rows.map((row) => {
    const durations = Float64Array.from(JSON.parse(String(row['durations'])) as readonly number[]).toSorted();
    return {
      service: String(row['service']),
      name: String(row['name']),
      count: durations.length,
      errors: Number(row['errors']),
      perMinute: durations.length / minutes,
      p50: percentile(durations, 0.5),
      p95: percentile(durations, 0.95),
      p99: percentile(durations, 0.99),
      histogram: toHistogram(durations),
    };
  });
}

/** The smallest value that at least that share of all is not above (nearest rank). */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function toHistogram(sorted: Float64Array): readonly number[] {
  const counts = Array.from({ length: HISTOGRAM_LIMITS.length + 1 }, () => 0);
  let bar = 0;
  for (const value of sorted) {
    while (bar < HISTOGRAM_LIMITS.length && value > (HISTOGRAM_LIMITS[bar] ?? Infinity)) bar++;
    counts[bar] = (counts[bar] ?? 0) + 1;
  }
  return counts;
}
