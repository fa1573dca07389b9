// In the bundle of winston's instrumentation, beside it: sends what a logger writes. That instrumentation would need a package which only the
// application could install, and puts its transport into the application's own list of transports.
import { type Context, type LogRecord, SeverityNumber, logs } from '@opentelemetry/api';
import { replaceMethod } from '../../hooks/replace-method.ts';
import { guard } from '../../log/guard.ts';
import type { LibraryHook, LibraryOptions } from './library.ts';

/** As much of winston's logger as is read here. */
interface WinstonLogger {
  readonly level: string;
  readonly levels: Readonly<Record<string, number>>;
}

type Info = Readonly<Record<string | symbol, unknown>>;

const LEVEL = Symbol.for('level');
/** Where the instrumentation keeps the context in which a record was written: it may be formatted later. */
const CONTEXT = Symbol.for('opentelemetry.js.contrib.winston.context');

/** The levels of npm, syslog and the command line, as winston's `config` has them. */
const SEVERITIES: Readonly<Record<string, SeverityNumber>> = {
  emerg: SeverityNumber.FATAL3,
  alert: SeverityNumber.FATAL2,
  crit: SeverityNumber.FATAL,
  fatal: SeverityNumber.FATAL,
  error: SeverityNumber.ERROR,
  warn: SeverityNumber.WARN,
  warning: SeverityNumber.WARN,
  notice: SeverityNumber.INFO2,
  help: SeverityNumber.INFO2,
  data: SeverityNumber.INFO2,
  info: SeverityNumber.INFO,
  http: SeverityNumber.DEBUG3,
  verbose: SeverityNumber.DEBUG2,
  prompt: SeverityNumber.DEBUG2,
  input: SeverityNumber.DEBUG2,
  debug: SeverityNumber.DEBUG,
  silly: SeverityNumber.TRACE,
  trace: SeverityNumber.TRACE,
};

/** A hook on winston 3 that emits every record which a logger hands to its transports. */
export function sendLogs(options: LibraryOptions): readonly LibraryHook[] {
  if (options['disableLogSending'] === true) return [];
  return [
    {
      module: 'winston',
      patch(exports, name) {
        if (name !== 'winston/lib/winston/logger.js' || typeof exports !== 'function') return exports;
        const logger = logs.getLogger('winston');
        const send = guard('a record of winston', (winston: WinstonLogger, info: unknown) => {
          const record = toRecord(winston, info);
          if (record !== undefined) logger.emit(record);
        });
        replaceMethod(
          exports.prototype,
          'push',
          (push: (this: WinstonLogger, info: unknown) => unknown) =>
            function (this: WinstonLogger, info: unknown) {
              send(this, info);
              return push.call(this, info);
            },
        );
        return exports;
      },
    },
  ];
}

/** Undefined for what no transport without a level of its own would write. */
function toRecord({ level: least, levels }: WinstonLogger, info: unknown): LogRecord | undefined {
  // A format may drop a record, and a stream ends with null.
  if (typeof info !== 'object' || info === null) return undefined;
  // Of an object any property may be asked for.
  const fields = info as Info;
  const level = String(fields[LEVEL] ?? fields['level']);
  if (!((levels[level] ?? Infinity) <= (levels[least] ?? Infinity))) return undefined;
  // Strings only: a format may have put colours into `level`, and what is written elsewhere into symbols.
  const {
    level: _,
    message,
    stack,
    trace_id: __,
    span_id: ___,
    trace_flags: ____,
    ...attributes
  } = Object.fromEntries(Object.entries(info)) as Readonly<Record<string, unknown>>;
  return {
    severityNumber: SEVERITIES[level] ?? SeverityNumber.UNSPECIFIED,
    severityText: level,
    // Whatever the application logs; redaction makes it plain before the SDK sees it.
    body: message,
    attributes,
    ...(typeof stack === 'string' && { exception: { message: String(message), stack } }),
    ...(fields[CONTEXT] !== undefined && { context: fields[CONTEXT] as Context }),
  };
}
