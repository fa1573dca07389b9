// Called by the API: which services there are and who calls whom, from spans whose parent is another service's.
import type { ServiceEdge, ServiceMap, ServiceNode } from '../model.ts';
import { type ListInput, toWhere } from './read-traces.ts';
import type { Store } from './store.ts';

const MAX_EDGES = 500;
/** More do not fit on a map; those with the most spans count. */
const MAX_NODES = 100;

/** The map of all traces that match. */
export function readServices(store: Store, input: Omit<ListInput, 'limit'>): ServiceMap {
  const { sql, params } = toWhere(input);
  const traces = `s.trace IN (SELECT t.id FROM traces t WHERE ${sql})`;
  const { database } = store;
  const services = database
    .prepare(
      `SELECT o.service AS name, count(*) AS spans, sum(s.status = 2) AS errors
       FROM spans s JOIN origins o ON o.id = s.origin WHERE ${traces} GROUP BY o.service ORDER BY spans DESC LIMIT ?`,
    )
    .all(...params, MAX_NODES)
    .map((row): ServiceNode => ({
      name: String(row['name']),
      isExternal: false,
      spans: Number(row['spans']),
      errors: Number(row['errors']),
    }));
  // Spans that call are left out: most are, and none of them is where a call arrives.
  const between = database
    .prepare(
      `SELECT op.service AS "from", o.service AS "to", count(*) AS calls, sum(s.status = 2) AS errors,
        avg(s.end_nanos - s.start_nanos) / 1e6 AS mean
       FROM spans s JOIN spans p ON p.trace = s.trace AND p.span_id = s.parent_id
       JOIN origins o ON o.id = s.origin JOIN origins op ON op.id = p.origin
       WHERE s.kind NOT IN (3, 4) AND s.parent_id <> '' AND o.service <> op.service AND ${traces} GROUP BY 1, 2 LIMIT ?`,
    )
    .all(...params, MAX_EDGES)
    .map(toEdge);
  // A call that a server or a consumer answered is in the list above.
  const outwards = database
    .prepare(
      `SELECT o.service AS "from", s.peer AS "to", count(*) AS calls, sum(s.status = 2) AS errors,
        avg(s.end_nanos - s.start_nanos) / 1e6 AS mean
       FROM spans s JOIN origins o ON o.id = s.origin
       WHERE s.peer IS NOT NULL AND ${traces} AND s.id NOT IN (
         SELECT p.id FROM spans c JOIN spans p ON p.trace = c.trace AND p.span_id = c.parent_id WHERE c.kind IN (2, 5))
       GROUP BY 1, 2 LIMIT ?`,
    )
    .all(...params, MAX_EDGES)
    .map(toEdge);
  const known = new Set(services.map(({ name }) => name));
  const outside = Map.groupBy(
    outwards.filter(({ to }) => !known.has(to)),
    ({ to }) => to,
  );
  const external = [...outside]
    .map(([name, edges]): ServiceNode => ({
      name,
      isExternal: true,
      spans: sum(edges, 'calls'),
      errors: sum(edges, 'errors'),
    }))
    .sort((a, b) => b.spans - a.spans)
    .slice(0, MAX_NODES);
  return { nodes: [...services, ...external], edges: [...between, ...[...outside.values()].flat()] };
}

function toEdge(row: Readonly<Record<string, unknown>>): ServiceEdge {
  return {
    from: String(row['from']),
    to: String(row['to']),
    calls: Number(row['calls']),
    errors: Number(row['errors']),
    meanMillis: Number(row['mean']),
  };
}

const sum = (edges: readonly ServiceEdge[], key: 'calls' | 'errors'): number =>
  edges.reduce((total, edge) => total + edge[key], 0);
