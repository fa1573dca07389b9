// Made by start-viewer.ts: the spans and log records that came in, in SQLite, never more than it may hold. Reading is in the files beside this one.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LogRecord, Records, SpanRecord } from '../otlp/records.ts';
import { openDatabase } from './schema.ts';
import { Shared } from './shared.ts';
import { type Statements, prepareStatements } from './statements.ts';

export interface StoreOptions {
  /** Undefined: in memory. */
  readonly path?: string | undefined;
  readonly maxTraces: number;
  /** Of texts and rows as SQLite keeps them, about. */
  readonly maxBytes: number;
}

/** What a row takes beside its texts. */
const ROW_BYTES = 150;
/** Of one trace, by name. */
const MAX_SERVICES = 100;
/** Log records come before their spans, or without them where the trace is not sampled: of each four places so many more wait for spans. */
const WAITING_SHARE = 0.25;

/** What a batch brings to one trace. */
interface Gain {
  readonly id: number;
  spans: number;
  errors: number;
  logs: number;
  bytes: number;
  startNanos: bigint | undefined;
  endNanos: bigint;
  readonly services: Set<string>;
  root: SpanRecord | undefined;
}

/** The store. Methods throw only where SQLite does, such as on a full disk; a batch is then not kept at all. */
export class Store implements Disposable {
  readonly database: DatabaseSync;
  readonly #options: StoreOptions;
  readonly #sql: Statements;
  readonly #shared: Shared;
  readonly #listeners = new Set<() => void>();
  #revision = 0;
  /** With spans, and with log records alone. */
  #traces = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.database = openDatabase(options.path);
    this.#sql = prepareStatements(this.database);
    this.#shared = new Shared(this.database);
    this.#count();
  }

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Calls back after every change, until disposed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Keeps a batch; returns how many of its spans there was no room for: pinned traces alone fill the store. */
  add({ spans, logs }: Records): number {
    if (spans.length === 0 && logs.length === 0) return 0;
    if (this.#isFullOfPinned()) return spans.length;
    this.#inTransaction(() => {
      this.#shared.prune();
      const gains = new Map<string, Gain>();
      for (const span of spans) this.#addSpan(span, this.#toGain(gains, span.traceId));
      for (const log of logs) this.#addLog(log, this.#toGain(gains, log.traceId));
      for (const gain of gains.values()) this.#book(gain);
      this.#evict();
    });
    this.#changed();
    return 0;
  }

  /** Whether the trace is there to be pinned. A pinned one stays when older ones go. */
  pin(traceId: string, pinned: boolean): boolean {
    const found = this.#sql.pin.run(pinned ? 1 : 0, traceId).changes > 0;
    if (found) this.#changed();
    return found;
  }

  /** Forgets everything, pinned or not. */
  clear(): void {
    this.#inTransaction(() =>
      this.database.exec(
        'DELETE FROM spans; DELETE FROM logs; DELETE FROM traces; DELETE FROM origins; DELETE FROM shapes; DELETE FROM shape_keys',
      ),
    );
    this.#shared.clear();
    this.#count();
    this.#changed();
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.database.close();
  }

  #addSpan(span: SpanRecord, gain: Gain): void {
    const { changes } = this.#sql.addSpan.run(
      gain.id,
      span.spanId,
      span.parentId,
      span.name,
      span.kind,
      span.startNanos,
      span.endNanos,
      span.status,
      span.httpStatus,
      span.peer,
      this.#shared.toOrigin(span),
      this.#shared.toShape(span.keys),
      span.values,
      span.more,
    );
    gain.bytes += this.#shared.takeGrowth();
    // Sent twice, as OTLP may.
    if (changes === 0) return;
    gain.spans++;
    if (span.status === 2) gain.errors++;
    gain.bytes += ROW_BYTES + span.name.length + span.values.length + (span.more?.length ?? 0);
    if (gain.startNanos === undefined || span.startNanos < gain.startNanos) gain.startNanos = span.startNanos;
    if (span.endNanos > gain.endNanos) gain.endNanos = span.endNanos;
    gain.services.add(span.service);
    if (gain.root === undefined || isBetterRoot(span, gain.root)) gain.root = span;
  }

  #addLog(log: LogRecord, gain: Gain): void {
    this.#sql.addLog.run(
      gain.id,
      log.spanId,
      log.timeNanos,
      log.severity,
      log.severityText,
      log.body,
      log.attributes,
      this.#shared.toOrigin(log),
    );
    gain.logs++;
    gain.bytes += this.#shared.takeGrowth() + ROW_BYTES + log.body.length + log.attributes.length;
  }

  #toGain(gains: Map<string, Gain>, traceId: string): Gain {
    let gain = gains.get(traceId);
    if (gain === undefined) {
      const found = this.#sql.findTrace.get(traceId)?.['id'];
      const id = found ?? this.#sql.addTrace.run(traceId).lastInsertRowid;
      gain = {
        id: Number(id),
        spans: 0,
        errors: 0,
        logs: 0,
        bytes: 0,
        startNanos: undefined,
        endNanos: 0n,
        services: new Set(),
        root: undefined,
      };
      gains.set(traceId, gain);
    }
    return gain;
  }

  /** Adds the gain to the trace's own row. */
  #book(gain: Gain): void {
    const { id, spans, errors, logs, bytes, startNanos, endNanos, services, root } = gain;
    if (startNanos === undefined || root === undefined) {
      this.#sql.bookLogs.run(logs, bytes, id);
      return;
    }
    const row = this.#sql.readTrace.get(id) ?? {};
    const known = JSON.parse(String(row['services'])) as readonly string[];
    const all = [...new Set([...known, ...services])].slice(0, MAX_SERVICES);
    this.#sql.book.run(startNanos, endNanos, spans, errors, logs, bytes, JSON.stringify(all), id);
    const rank = toRank(root);
    const start = Number(root.startNanos / 1000n);
    const isBetter =
      rank > Number(row['root_rank']) || (rank === row['root_rank'] && start < Number(row['root_start']));
    if (isBetter) this.#sql.setRoot.run(rank, start, root.name, root.service, root.status, root.httpStatus, id);
  }

  /** The oldest go first; of those that still wait for their spans there are fewer, so that they do not drive out what is there to be seen. */
  #evict(): void {
    this.#count();
    const { maxTraces, maxBytes } = this.#options;
    const maxWaiting = Math.ceil(maxTraces * WAITING_SHARE);
    while (this.#waiting > maxWaiting && this.#drop(this.#sql.findOldestWaiting)) this.#waiting--;
    while (this.#traces > maxTraces && this.#drop(this.#sql.findOldestShown)) this.#traces--;
    while (this.#bytes > maxBytes && this.#drop(this.#sql.findOldest)) this.#traces--;
  }

  /** Drops the trace that the statement finds; false where there is none. */
  #drop(find: StatementSync): boolean {
    const found = find.get();
    if (found === undefined) return false;
    const id = Number(found['id']);
    for (const statement of [this.#sql.dropSpans, this.#sql.dropLogs, this.#sql.dropTrace]) statement.run(id);
    this.#bytes -= Number(found['bytes']);
    return true;
  }

  #isFullOfPinned(): boolean {
    const { maxTraces, maxBytes } = this.#options;
    if (this.#traces < maxTraces && this.#bytes < maxBytes) return false;
    return this.#sql.findOldest.get() === undefined;
  }

  #count(): void {
    const row = this.#sql.count.get();
    this.#traces = Number(row?.['traces']);
    this.#waiting = Number(row?.['waiting']);
    this.#bytes = Number(row?.['bytes']);
  }

  #inTransaction(work: () => void): void {
    this.database.exec('BEGIN');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      // What was added before it failed is gone again.
      this.#shared.clear();
      this.#count();
      throw error;
    }
  }

  #changed(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }
}

/** A span without a parent is the root; until it comes, the earliest one stands for it. */
const toRank = ({ parentId }: SpanRecord): number => (parentId === '' ? 2 : 1);

function isBetterRoot(a: SpanRecord, b: SpanRecord): boolean {
  const difference = toRank(a) - toRank(b);
  return difference > 0 || (difference === 0 && a.startNanos < b.startNanos);
}
