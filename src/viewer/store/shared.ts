// Used by store.ts: what many spans have in common is kept once: where they come from, and the names of their attributes.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** More than any system of services has; beyond it, those that no span needs any longer are forgotten. */
const MAX_ROWS = 5_000;
/** What the row of a name takes beside it. */
const KEY_BYTES = 20;
/** Of their texts together. */
const MAX_SIZE = 8 * 1024 * 1024;

export class Shared {
  readonly #database: DatabaseSync;
  readonly #origins = new Map<string, number>();
  readonly #shapes = new Map<string, number>();
  #size = 0;
  readonly #addOrigin: StatementSync;
  readonly #findOrigin: StatementSync;
  readonly #addShape: StatementSync;
  readonly #findShape: StatementSync;
  readonly #addKey: StatementSync;
  /** Bytes that rows have taken since `takeGrowth` was asked. */
  #growth = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#addOrigin = database.prepare('INSERT INTO origins VALUES (NULL, ?, ?, ?)');
    this.#findOrigin = database.prepare('SELECT id FROM origins WHERE resource = ? AND scope = ?');
    this.#addShape = database.prepare('INSERT INTO shapes VALUES (NULL, ?)');
    this.#findShape = database.prepare('SELECT id FROM shapes WHERE keys = ?');
    this.#addKey = database.prepare('INSERT INTO shape_keys VALUES (?, ?, ?)');
  }

  /** The row of where a span or a log record comes from. */
  toOrigin({
    resource,
    scope,
    service,
  }: {
    readonly resource: string;
    readonly scope: string;
    readonly service: string;
  }): number {
    const key = `${resource}\n${scope}`;
    return (
      this.#origins.get(key) ??
      this.#remember(this.#origins, key, () => {
        const found = this.#findOrigin.get(resource, scope)?.['id'];
        if (found !== undefined) return Number(found);
        this.#growth += key.length;
        return Number(this.#addOrigin.run(service, resource, scope).lastInsertRowid);
      })
    );
  }

  /** The row of a JSON list of names. */
  toShape(keys: string): number {
    return (
      this.#shapes.get(keys) ??
      this.#remember(this.#shapes, keys, () => {
        const found = this.#findShape.get(keys)?.['id'];
        if (found !== undefined) return Number(found);
        const id = Number(this.#addShape.run(keys).lastInsertRowid);
        const names = JSON.parse(keys) as readonly string[];
        this.#growth += 2 * keys.length + KEY_BYTES * names.length;
        for (const [index, name] of names.entries()) this.#addKey.run(id, name, `$[${index}]`);
        return id;
      })
    );
  }

  /** Returns how many bytes the database has got by new rows: whoever brings them counts them as its own. */
  takeGrowth(): number {
    const growth = this.#growth;
    this.#growth = 0;
    return growth;
  }

  /** To be called between batches: those that no span needs any longer go, once there are many. Within one, a row may be there before what needs it. */
  prune(): void {
    if (this.#origins.size + this.#shapes.size < MAX_ROWS && this.#size < MAX_SIZE) return;
    this.clear();
    this.#database.exec(`
      DELETE FROM origins WHERE id NOT IN (SELECT origin FROM spans) AND id NOT IN (SELECT origin FROM logs);
      DELETE FROM shapes WHERE id NOT IN (SELECT shape FROM spans);
      DELETE FROM shape_keys WHERE shape NOT IN (SELECT id FROM shapes);`);
  }

  /** Forgets what is remembered beside the database. */
  clear(): void {
    this.#origins.clear();
    this.#shapes.clear();
    this.#size = 0;
  }

  #remember(rows: Map<string, number>, key: string, find: () => number): number {
    const id = find();
    rows.set(key, id);
    this.#size += key.length;
    return id;
  }
}
