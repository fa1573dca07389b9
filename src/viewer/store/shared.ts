// Used by store.ts: what many spans have in common is kept once: where they come from, and the names of their attributes.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** More than any system of services has; beyond it, those that no span needs any longer are forgotten. */
const MAX_ROWS = 5_000;

export class Shared {
  readonly #database: DatabaseSync;
  readonly #origins = new Map<string, number>();
  readonly #shapes = new Map<string, number>();
  readonly #addOrigin: StatementSync;
  readonly #findOrigin: StatementSync;
  readonly #addShape: StatementSync;
  readonly #findShape: StatementSync;
  readonly #addKey: StatementSync;

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
        return Number(found ?? this.#addOrigin.run(service, resource, scope).lastInsertRowid);
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
        for (const [index, name] of names.entries()) this.#addKey.run(id, name, `$[${index}]`);
        return id;
      })
    );
  }

  /** Forgets what is remembered beside the database. */
  clear(): void {
    this.#origins.clear();
    this.#shapes.clear();
  }

  #remember(rows: Map<string, number>, key: string, find: () => number): number {
    if (rows.size >= MAX_ROWS) {
      this.clear();
      this.#database.exec(`
        DELETE FROM origins WHERE id NOT IN (SELECT origin FROM spans) AND id NOT IN (SELECT origin FROM logs);
        DELETE FROM shapes WHERE id NOT IN (SELECT shape FROM spans);
        DELETE FROM shape_keys WHERE shape NOT IN (SELECT id FROM shapes);`);
    }
    const id = find();
    rows.set(key, id);
    return id;
  }
}
