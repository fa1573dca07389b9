// Called by store.ts: opens the database, in memory or in a file, with its tables.
import { closeSync, openSync } from 'node:fs';
import type * as sqliteModule from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';

const VERSION = 1;

const TABLES = `
  CREATE TABLE traces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id TEXT NOT NULL UNIQUE,
    start_nanos INTEGER NOT NULL,
    end_nanos INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    logs INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    services TEXT NOT NULL,
    root_rank INTEGER NOT NULL,
    root_start REAL NOT NULL,
    root_name TEXT NOT NULL,
    root_service TEXT NOT NULL,
    root_status INTEGER NOT NULL,
    root_http_status INTEGER NOT NULL,
    pinned INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL,
    UNIQUE (resource, scope)
  ) STRICT;
  CREATE TABLE shapes (id INTEGER PRIMARY KEY, keys TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE shape_keys (
    shape INTEGER NOT NULL,
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (shape, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL,
    span_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind INTEGER NOT NULL,
    start_nanos INTEGER NOT NULL,
    end_nanos INTEGER NOT NULL,
    status INTEGER NOT NULL,
    http_status INTEGER NOT NULL,
    peer TEXT,
    origin INTEGER NOT NULL,
    shape INTEGER NOT NULL,
    "values" TEXT NOT NULL,
    more TEXT,
    UNIQUE (trace, span_id)
  ) STRICT;
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    trace INTEGER NOT NULL,
    span_id TEXT NOT NULL,
    time_nanos INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    severity_text TEXT NOT NULL,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL,
    origin INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX logs_of_trace ON logs (trace);
  PRAGMA user_version = ${VERSION};
`;

/** On Node 22 loading it prints that it is experimental, which is nothing a person could mend. */
function loadSqlite(): typeof sqliteModule {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A viewer that is being stopped lets go of its file within this time. */
const BUSY_MILLIS = 1_000;
const SQLITE_BUSY = 5;

/** Opens a file that only its owner reads, or a database in memory where there is no path; throws on a file that is not one of ours, or another viewer's. */
export function openDatabase(path: string | undefined): DatabaseSync {
  const { DatabaseSync: Database } = loadSqlite();
  if (path !== undefined) closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path ?? ':memory:', { timeout: BUSY_MILLIS });
  try {
    prepareDatabase(database, path === undefined);
    return database;
  } catch (error) {
    database.close();
    throw new Error(`${path ?? 'memory'}: ${toReason(error)}`, { cause: error });
  }
}

function toReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'errcode' in error && error.errcode === SQLITE_BUSY
    ? 'another viewer, or another program, has it open'
    : error.message;
}

function prepareDatabase(database: DatabaseSync, isInMemory: boolean): void {
  // Until it is closed: what a viewer remembers of its rows would be wrong if another one wrote, too.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  const isEmpty = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0;
  if (isEmpty) database.exec(TABLES);
  else if (version !== VERSION) throw new Error('no database of this version of the viewer');
  database.exec('COMMIT');
  // A crash may cost the last batches of a tool that shows what is now; it may not cost the speed of all.
  database.exec(`PRAGMA journal_mode = ${isInMemory ? 'MEMORY' : 'WAL'}; PRAGMA synchronous = OFF`);
  database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000');
}
