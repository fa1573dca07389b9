// Used by the instrumentations of requests: what is under way, found by the object that stands for it, and one after the other when the process ends.

/** A constructor may give back another object than its own; a class that is derived then puts its private fields on that one. */
const Given = function giveBack(object: object): object {
  return object;
} as unknown as new (object: object) => object;

interface Entry {
  /** Which of the lists it is in. */
  readonly list: object;
  readonly key: object;
  readonly value: unknown;
  before: Entry | undefined;
  after: Entry | undefined;
}

/** Puts an entry on an object where nobody sees it: no key, no symbol, nothing to print or to copy. */
class Mark extends Given {
  #entry: Entry | undefined;

  constructor(object: object, entry: Entry) {
    super(object);
    this.#entry = entry;
  }

  static read(object: object): Entry | undefined {
    return #entry in object ? object.#entry : undefined;
  }

  static write(object: object, entry: Entry | undefined): void {
    if (#entry in object) object.#entry = entry;
    else if (entry !== undefined) void new Mark(object, entry);
  }
}

/**
 * What a Map would do for requests, in the order in which they began; an object is in one of them at most.
 * @note Each request enters once and leaves soon. A Map throws its table away every few of them, with a reference to the table that follows; once
 * one is old, all that come after it survive until the whole heap is collected, and what is in them: requests, headers, spans.
 */
export class OpenRequests<Key extends object, Value> {
  #first: Entry | undefined;
  #last: Entry | undefined;

  get(key: Key): Value | undefined {
    // Only set() writes into entries of this list.
    return this.#find(key)?.value as Value | undefined;
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    const entry: Entry = { list: this, key, value, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    Mark.write(key, entry);
  }

  delete(key: Key): void {
    const entry = this.#find(key);
    if (entry === undefined) return;
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // So that one that is thrown away holds no other.
    entry.before = undefined;
    entry.after = undefined;
    Mark.write(key, undefined);
  }

  /** All of now; they may leave while they are gone through. */
  list(): ReadonlyArray<readonly [Key, Value]> {
    const all: [Key, Value][] = [];
    for (let entry = this.#first; entry !== undefined; entry = entry.after)
      all.push([entry.key as Key, entry.value as Value]);
    return all;
  }

  #find(key: Key): Entry | undefined {
    const entry = Mark.read(key);
    return entry?.list === this ? entry : undefined;
  }
}
