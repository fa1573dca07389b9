// Made by the pipeline where traces are to be read in this terminal. Three modes: a block for each request, or a line or a JSON object for
// each span. Rendering is pure; this file alone writes, once per block, so that concurrent requests never interleave.
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { renderJson } from './json-line.ts';
import { createLook, type Look, type LookOptions } from './look.ts';
import { isSampled } from './span-facts.ts';
import { renderPlainLine, renderSpanLine } from './span-line.ts';
import { TreeProcessor } from './tree-processor.ts';

/** What the console needs to be told; it reads nothing of the process itself. */
export interface ConsoleOptions extends LookOptions {
  mode: 'tree' | 'line' | 'json';
  /** Takes whole lines with their line ends: one call for a block, a line or an object. */
  write(text: string): void;
  /** Told of what goes wrong in here. Given, not imported: whether it throws is decided in the agent's bundle. */
  reportInternalError(where: string, error: unknown): void;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Local roots open at once; beyond it the oldest is let go, its spans become lines of their own. */
  maxRoots?: number;
  /** Spans held for one local root; beyond it they are counted. */
  maxSpansPerRoot?: number;
  /** How long a local root may run before it is said once that it still does. */
  slowAfterMillis?: number;
}

const MAX_ROOTS = 1_000;
const MAX_SPANS_PER_ROOT = 256;
const SLOW_AFTER_MILLIS = 2_000;

/** Returns a processor that shows finished spans. It must come after the one that redacts: it shows what it is given. */
export function createConsoleProcessor(options: ConsoleOptions): SpanProcessor {
  const say = createSay(options);
  if (options.mode === 'json') return createPerSpan((span) => say(() => renderJson(span), span));
  if (options.mode === 'line') return createPerSpan((span) => say((look) => renderSpanLine(span, look), span));
  return new TreeProcessor({
    say,
    now: options.now ?? Date.now,
    verbose: options.verbose,
    maxRoots: options.maxRoots ?? MAX_ROOTS,
    maxSpansPerRoot: options.maxSpansPerRoot ?? MAX_SPANS_PER_ROOT,
    slowAfterMillis: options.slowAfterMillis ?? SLOW_AFTER_MILLIS,
  });
}

function createPerSpan(onEnd: (span: ReadableSpan) => void): SpanProcessor {
  const showSampled = (span: ReadableSpan): void => {
    if (isSampled(span)) onEnd(span);
  };
  return {
    onStart: () => {},
    onEnd: showSampled,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

type Say = (render: (look: Look) => string | undefined, span?: ReadableSpan) => void;

/** Nothing that goes wrong in here may reach the code that ended a span. */
function createSay(options: ConsoleOptions): Say {
  const look = createLook(options);
  const plainLook = createLook({ ...options, columns: () => undefined });
  return (render, span) => {
    try {
      const text = render(look());
      if (text !== undefined) options.write(`${text}\n`);
    } catch (error) {
      if (span !== undefined && options.mode !== 'json') writePlain(span);
      options.reportInternalError('the console', error);
    }
  };

  function writePlain(span: ReadableSpan): void {
    try {
      options.write(`${renderPlainLine(span, plainLook())}\n`);
    } catch {
      // The writer itself is broken; the error that led here is reported.
    }
  }
}
