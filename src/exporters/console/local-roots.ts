// Knows which local root every open span belongs to, and holds what has ended until the root ends. All memory here is bounded.
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ATTR_URL_PATH } from '@opentelemetry/semantic-conventions';
import { isFailed, isLocalRoot } from './span-facts.ts';

/** A request or a piece of work that began in this process, with what has ended below it. */
export interface LocalRoot {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAtMillis: number;
  /**
   * Name and path as they were at birth, when they were clean: what other code adds while the span is open is redacted only when it ends.
   */
  readonly born: { readonly name: string; readonly path: string | undefined };
  readonly ended: ReadableSpan[];
  /** Every span held or open below the root, with its parent: a child whose parent is still open hangs from the next one up. */
  readonly parentOf: Map<string, string>;
  /** Spans beyond the cap, and how many of them failed. */
  dropped: number;
  droppedFailed: number;
  saidSlow: boolean;
}

/** What the end of a span means: its root's block is due, it came after its root, or there is nothing to say yet. */
type Ended = { kind: 'root'; root: LocalRoot } | { kind: 'late' } | { kind: 'held' };

interface LocalRootsOptions {
  maxRoots: number;
  maxSpansPerRoot: number;
}

/** The local roots that are open, in the order in which they began. */
export class LocalRoots {
  readonly #options: LocalRootsOptions;
  readonly #rootOf = new Map<string, LocalRoot>();
  readonly #open = new Map<string, LocalRoot>();
  readonly #openByTrace = new Map<string, LocalRoot>();
  /** Spans still open when their root's block was printed. */
  readonly #late = new Set<string>();
  /** Traces whose block was printed lately: a span that starts in one of them is late as well. */
  readonly #printed = new Set<string>();
  #lost = 0;

  constructor(options: LocalRootsOptions) {
    this.#options = options;
  }

  get open(): Iterable<LocalRoot> {
    return this.#open.values();
  }

  /** Registers a span; returns whether it opened a local root. */
  start(span: ReadableSpan, nowMillis: number): boolean {
    const { traceId, spanId } = span.spanContext();
    if (isLocalRoot(span)) {
      this.#openRoot(span, nowMillis);
      return true;
    }
    const parentId = span.parentSpanContext?.spanId ?? '';
    const root = this.#rootOf.get(parentId);
    if (root !== undefined) {
      if (root.parentOf.size >= this.#options.maxSpansPerRoot) {
        root.dropped++;
        return false;
      }
      root.parentOf.set(spanId, parentId);
      this.#rootOf.set(spanId, root);
      return false;
    }
    const full = this.#openByTrace.get(traceId);
    if (full !== undefined && full.dropped > 0) {
      full.dropped++;
      return false;
    }
    if (this.#late.has(parentId) || this.#printed.has(traceId)) {
      remember(this.#late, spanId, this.#options.maxRoots);
      return false;
    }
    // A parent nobody here has seen, and not marked remote: a context made by hand. The work begins here all the same.
    this.#openRoot(span, nowMillis);
    return true;
  }

  /** Takes a finished span. */
  end(span: ReadableSpan): Ended {
    const { traceId, spanId } = span.spanContext();
    const root = this.#rootOf.get(spanId);
    if (root !== undefined) {
      if (root.spanId === spanId) {
        this.#close(root);
        return { kind: 'root', root };
      }
      root.ended.push(span);
      return { kind: 'held' };
    }
    if (this.#late.delete(spanId)) return { kind: 'late' };
    const full = this.#openByTrace.get(traceId);
    if (full === undefined) return { kind: 'late' };
    if (isFailed(span)) full.droppedFailed++;
    return { kind: 'held' };
  }

  /** Returns how many held spans were let go because too many roots were open, and starts counting anew. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  #openRoot(span: ReadableSpan, nowMillis: number): void {
    if (this.#open.size >= this.#options.maxRoots) this.#evictOldest();
    const { traceId, spanId } = span.spanContext();
    const path = span.attributes[ATTR_URL_PATH];
    const root: LocalRoot = {
      traceId,
      spanId,
      startedAtMillis: nowMillis,
      born: { name: span.name, path: typeof path === 'string' ? path : undefined },
      ended: [],
      parentOf: new Map(),
      dropped: 0,
      droppedFailed: 0,
      saidSlow: false,
    };
    this.#open.set(spanId, root);
    this.#rootOf.set(spanId, root);
    if (!this.#openByTrace.has(traceId)) this.#openByTrace.set(traceId, root);
  }

  /** The oldest root is let go: whatever ends of it later is printed as a line of its own. */
  #evictOldest(): void {
    for (const root of this.#open.values()) {
      this.#lost += root.ended.length;
      this.#close(root);
      remember(this.#late, root.spanId, this.#options.maxRoots);
      return;
    }
  }

  #close(root: LocalRoot): void {
    this.#open.delete(root.spanId);
    this.#rootOf.delete(root.spanId);
    if (this.#openByTrace.get(root.traceId) === root) this.#openByTrace.delete(root.traceId);
    remember(this.#printed, root.traceId, this.#options.maxRoots);
    for (const spanId of root.parentOf.keys()) this.#rootOf.delete(spanId);
    if (root.ended.length === root.parentOf.size) return;
    const ended = new Set(root.ended.map((span) => span.spanContext().spanId));
    for (const spanId of root.parentOf.keys()) {
      if (!ended.has(spanId)) remember(this.#late, spanId, this.#options.maxRoots);
    }
  }
}

/** Adds to a set that forgets its oldest beyond `max`. */
function remember(set: Set<string>, value: string, max: number): void {
  if (set.size >= max) {
    for (const oldest of set) {
      set.delete(oldest);
      break;
    }
  }
  set.add(value);
}
