// Used by store.ts: its SQL, prepared once.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export type Statements = ReturnType<typeof prepareStatements>;

/** Statements that write, and those that find what is to be written over. */
export function prepareStatements(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    findTrace: sql('SELECT id FROM traces WHERE trace_id = ?'),
    addTrace: sql(
      "INSERT INTO traces VALUES (NULL, ?, 0x7fffffffffffffff, 0, 0, 0, 0, 0, '[]', 0, 0, '', '', 0, 0, 0)",
    ),
    readTrace: sql('SELECT services, root_rank, root_start FROM traces WHERE id = ?'),
    book: sql(`UPDATE traces SET start_nanos = min(start_nanos, ?), end_nanos = max(end_nanos, ?), spans = spans + ?,
      errors = errors + ?, logs = logs + ?, bytes = bytes + ?, services = ? WHERE id = ?`),
    bookLogs: sql('UPDATE traces SET logs = logs + ?, bytes = bytes + ? WHERE id = ?'),
    setRoot: sql(`UPDATE traces SET root_rank = ?, root_start = ?, root_name = ?, root_service = ?, root_status = ?,
      root_http_status = ? WHERE id = ?`),
    addSpan: sql('INSERT INTO spans VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    addLog: sql('INSERT INTO logs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)'),
    findOldest: sql('SELECT id, bytes FROM traces WHERE pinned = 0 ORDER BY id LIMIT 1'),
    findOldestShown: sql('SELECT id, bytes FROM traces WHERE pinned = 0 AND spans > 0 ORDER BY id LIMIT 1'),
    findOldestWaiting: sql('SELECT id, bytes FROM traces WHERE pinned = 0 AND spans = 0 ORDER BY id LIMIT 1'),
    count: sql('SELECT total(spans > 0) AS traces, total(spans = 0) AS waiting, total(bytes) AS bytes FROM traces'),
    dropSpans: sql('DELETE FROM spans WHERE trace = ?'),
    dropLogs: sql('DELETE FROM logs WHERE trace = ?'),
    dropTrace: sql('DELETE FROM traces WHERE id = ?'),
    pin: sql('UPDATE traces SET pinned = ? WHERE trace_id = ?'),
  };
}
