// Our own voice: every line the agent says to a person goes through here, prefixed, rate-limited and without secrets.
import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';

/** The levels of `log.level`, from silent to everything. */
export type LogLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';

export interface LogOptions {
  readonly level: LogLevel;
  /** Hides secrets in a line before it is written. */
  readonly redact: (text: string) => string;
  /** Takes a whole line, line feed included. */
  readonly write: (line: string) => void;
  /** Milliseconds; injectable so that a test need not wait. */
  readonly now?: () => number;
}

const LEVELS: Record<LogLevel, DiagLogLevel> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

/** The same line is said at most once in this many milliseconds, so that a fault per request is not a line per request. */
const REPEAT_AFTER_MILLIS = 60_000;
/** OpenTelemetry puts ids into its lines; without them the same mistake in every request is one line. */
const SPAN_IDS = /\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b/g;
/** Beyond this many different lines the memory of what was said starts afresh: a bound, not a promise. */
const MAX_REMEMBERED_LINES = 200;

/** Makes a logger in the shape of OpenTelemetry's `diag`: one line a message, `tracing: ` in front. */
export function createLog({ level, redact, write, now = Date.now }: LogOptions): DiagLogger {
  const saidAt = new Map<string, number>();
  const say = (message: string, parts: unknown[]): void => {
    const line = redact([message, ...parts.map(toText)].join(' ').replaceAll(/\s*[\r\n]+\s*/g, ' '));
    const time = now();
    const kind = line.replaceAll(SPAN_IDS, '');
    const last = saidAt.get(kind);
    if (last !== undefined && time - last < REPEAT_AFTER_MILLIS) return;
    if (saidAt.size >= MAX_REMEMBERED_LINES) saidAt.clear();
    saidAt.set(kind, time);
    write(`tracing: ${line}\n`);
  };
  const from = (least: DiagLogLevel): ((message: string, ...parts: unknown[]) => void) =>
    LEVELS[level] >= least ? (message, ...parts) => say(message, parts) : () => {};
  return {
    error: from(DiagLogLevel.ERROR),
    warn: from(DiagLogLevel.WARN),
    info: from(DiagLogLevel.INFO),
    debug: from(DiagLogLevel.DEBUG),
    verbose: from(DiagLogLevel.VERBOSE),
  };
}

/** What OpenTelemetry's API says, with its stack, of each thing that is registered a second time. */
const SECOND_SDK = /Attempted duplicate registration of API/;

/** Makes the agent's log the process's `diag` logger, so that OpenTelemetry's own parts speak with the same voice. */
export function useAsDiag(log: DiagLogger, level: LogLevel): Disposable {
  const error = (message: string, ...parts: unknown[]): void => {
    if (SECOND_SDK.test(message))
      log.warn('another OpenTelemetry SDK was started after the agent and is not used; remove one of the two');
    else log.error(message, ...parts);
  };
  diag.setLogger({ ...log, error }, { logLevel: LEVELS[level], suppressOverrideMessage: true });
  return { [Symbol.dispose]: () => diag.disable() };
}

/** One line about an error: its code or name and its message, never its stack. */
export function toErrorText(error: unknown): string {
  if (!(error instanceof Error)) return toSafeText(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error.message === '') return code || error.name;
  return code === '' || error.message.includes(code) ? error.message : `${code} ${error.message}`;
}

/** What was thrown may be anything, also an object that cannot be made a text. */
function toSafeText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a ${typeof thrown}`;
  }
}

function toText(part: unknown): string {
  if (part instanceof Error) return toErrorText(part);
  return typeof part === 'string' ? part : (JSON.stringify(part) ?? String(part));
}
