// The `tree` mode: holds the spans of a request until the request has ended, then writes its block at once.
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { toVisible } from './display-text.ts';
import { HealthCheckCounter, isHealthCheck } from './health-checks.ts';
import { LocalRoots, type LocalRoot } from './local-roots.ts';
import { renderNote, type Look } from './look.ts';
import { NOTHING_BELOW, renderBlock, renderLate } from './render-block.ts';
import { createSlowWatch, type SlowWatch } from './slow-watch.ts';
import { isFailed, isLocalRoot, isSampled } from './span-facts.ts';

interface TreeProcessorOptions {
  /** Writes what `render` returns; contains its errors and, for a span, falls back to a plain line. */
  say: (render: (look: Look) => string | undefined, span?: ReadableSpan) => void;
  now: () => number;
  verbose: boolean;
  maxRoots: number;
  maxSpansPerRoot: number;
  slowAfterMillis: number;
}

/** Collects spans by local root and says one block for each. */
export class TreeProcessor implements SpanProcessor {
  readonly #options: TreeProcessorOptions;
  readonly #roots: LocalRoots;
  readonly #healthChecks = new HealthCheckCounter();
  readonly #slowWatch: SlowWatch;

  constructor(options: TreeProcessorOptions) {
    this.#options = options;
    this.#roots = new LocalRoots(options);
    this.#slowWatch = createSlowWatch({
      afterMillis: options.slowAfterMillis,
      now: options.now,
      open: () => this.#roots.open,
      say: (root) => options.say((look) => this.#renderSlow(root, look)),
    });
  }

  onStart(span: ReadableSpan): void {
    if (isSampled(span) && this.#roots.start(span, this.#options.now())) this.#slowWatch.wake();
  }

  onEnd(span: ReadableSpan): void {
    if (!isSampled(span)) return;
    const ended = this.#roots.end(span);
    if (ended.kind === 'held') return;
    this.#options.say((look) => {
      if (ended.kind === 'root') return this.#renderRoot(span, ended.root, look);
      return isLocalRoot(span) ? renderBlock(span, NOTHING_BELOW, look) : renderLate(span, look);
    }, span);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.#slowWatch[Symbol.dispose]();
    this.#options.say((look) => {
      const notes = this.#renderNotes(look, true);
      const open = [...this.#roots.open].map(toBornText);
      if (open.length > 0) notes.push(renderNote(`still running at the end: ${list(open)}`, this.#options.now(), look));
      return notes.length === 0 ? undefined : notes.join('\n');
    });
    return Promise.resolve();
  }

  #renderRoot(span: ReadableSpan, root: LocalRoot, look: Look): string | undefined {
    const isGood = root.droppedFailed === 0 && !root.ended.some(isFailed);
    const isFolded = !this.#options.verbose && isGood && isHealthCheck(span);
    if (isFolded) this.#healthChecks.add();
    const lines = this.#renderNotes(look, false);
    if (!isFolded) lines.push(renderBlock(span, root, look));
    return lines.length === 0 ? undefined : lines.join('\n');
  }

  #renderNotes(look: Look, isLast: boolean): string[] {
    const now = this.#options.now();
    const notes: string[] = [];
    const healthChecks = this.#healthChecks.take(now, isLast);
    if (healthChecks > 0) notes.push(renderNote(`health checks ×${healthChecks}`, now, look));
    const lost = this.#roots.takeLost();
    const why = `more than ${this.#options.maxRoots} requests are open at once`;
    if (lost > 0) notes.push(renderNote(`spans not shown: ${lost}, ${why}`, now, look));
    return notes;
  }

  #renderSlow(root: LocalRoot, look: Look): string {
    const now = this.#options.now();
    const seconds = Math.floor((now - root.startedAtMillis) / 1e3);
    return renderNote(`${toBornText(root)}  still running after ${seconds} s`, now, look);
  }
}

function toBornText({ born: { name, path } }: LocalRoot): string {
  return toVisible(path === undefined || /\s/.test(name) ? name : `${name} ${path}`);
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(' · ');
  return names.length > 5 ? `${shown} · ${names.length - 5} more` : shown;
}
