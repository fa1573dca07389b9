// Made by the tracer for a span whose attributes were cleaned before it was born: which of them somebody may have changed since.
import type { Attributes } from '@opentelemetry/api';
import { type OwnAttributes, copyAttributes, isPlain, isPlainEntry } from './attributes.ts';

/** Beyond this many names all attributes are read: that is cheaper than to remember more. */
const MAX_CHANGED = 32;

const { hasOwnProperty } = Object.prototype;

/** May change the attribute that it is called for, and rename it. */
export type AttributeVisitor = (attributes: Attributes, name: string) => void;

/**
 * Lets the redaction guard leave out what needs no second reading, whichever way others write into the span.
 * @note An object keeps its names in the order in which they were set, so the first are those that the span was born with. The exception are
 * names that are whole numbers: where one is set later, nothing is vouched for.
 */
export class Vouching {
  /** How many of the first attributes are vouched for. */
  declare private born: number;
  /** Names among them that are not. */
  declare private changed: string[] | undefined;
  /** The attributes as they were when somebody first got hold of them; those that are not vouched for without a value. */
  declare private known: Attributes | undefined;

  constructor() {
    this.born = 0;
    this.changed = undefined;
    this.known = undefined;
  }

  /** Attributes for a span to be born with: the very object, where all that it holds is plain. A list may be somebody's own, and change. */
  adopt(given: Attributes | undefined): OwnAttributes {
    if (typeof given !== 'object' || given === null) return copyAttributes(given);
    let count = 0;
    // Over the object and not over a list of its names, where V8 looks each value up by its name.
    for (const name in given) {
      if (!hasOwnProperty.call(given, name)) continue;
      if (!isPlainEntry(name, given[name])) this.noteChanged(name);
      count++;
    }
    this.born = this.changed?.length === MAX_CHANGED ? 0 : count;
    if (this.changed === undefined) return { attributes: given, count, dropped: 0 };
    const copy = copyAttributes(given);
    if (this.born > 0) this.born = copy.count;
    return copy;
  }

  /** An attribute was set by its name. */
  note(name: string, isNew: boolean): void {
    if (this.born === 0) return;
    if (!isNew) this.noteChanged(name);
    else if (!isText(name) || isDigit(name.charCodeAt(0))) this.born = 0;
  }

  /** Somebody gets hold of the attributes themselves, and may write into them without a word. */
  handOut(attributes: Attributes): void {
    if (this.born === 0 || this.known !== undefined) return;
    const known = { ...attributes };
    this.visitUnread(known, forget);
    this.known = known;
  }

  /** Calls `visit` for every attribute that is not vouched for. */
  visitUnread(attributes: Attributes, visit: AttributeVisitor): void {
    let position = 0;
    for (const name in attributes) {
      const isRead = this.known === undefined ? position < this.born : this.isKnown(name, attributes[name]);
      if (!isRead) visit(attributes, name);
      position++;
    }
    if (this.changed === undefined || this.known !== undefined || this.born === 0) return;
    for (const name of this.changed) if (name in attributes) visit(attributes, name);
  }

  private noteChanged(name: string): void {
    if (this.changed === undefined) this.changed = [name];
    else if (this.changed.length === MAX_CHANGED) this.born = 0;
    else if (!this.changed.includes(name)) this.changed.push(name);
  }

  /** A list is still the same list when its contents have changed. */
  private isKnown(name: string, value: unknown): boolean {
    return this.born > 0 && isPlain(value) && this.known?.[name] === value;
  }
}

/** Calls `visit` for every attribute. */
export function visitAll(attributes: Attributes, visit: AttributeVisitor): void {
  for (const name in attributes) visit(attributes, name);
}

function forget(attributes: Attributes, name: string): void {
  attributes[name] = undefined;
}

/** Nothing but types keeps callers from other names. */
function isText(name: unknown): boolean {
  return typeof name === 'string';
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
