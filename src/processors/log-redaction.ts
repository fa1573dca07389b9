// Called by pipeline/logs/ for every log record before the SDK sees it: plain data, without secrets, that nobody else holds.
import type { AnyValue, Attributes, LogRecord, LoggerOptions } from '@opentelemetry/api';
import type { Redactor } from '../redaction/create-redactor.ts';

export interface LogRedaction {
  /** A clean copy; the application's own record, which its logger still writes, stays as it is. */
  redactRecord(record: LogRecord): LogRecord;
  redactScope(scope: LogScope): LogScope;
}

interface LogScope {
  readonly name: string;
  readonly version: string | undefined;
  readonly options: LoggerOptions | undefined;
}

/** Loggers are given whole requests and errors: objects in objects are followed this far, and a record holds no more values than these. */
const MAX_DEPTH = 8;
const MAX_VALUES = 2000;
const MAX_CAUSES = 5;

const IS_HEADERS = /headers$/i;
/** Names and values in turns, as Node gives them. */
const IS_RAW_HEADERS = /^raw(?:Headers|Trailers)$/;
const IS_TARGET = /^(?:url|originalUrl|path)$/;

/** Makes the redaction of log records. */
export function createLogRedaction(redactor: Redactor): LogRedaction {
  const redactText = (text: string): string => redactor.redact(text, 'string');

  function redactRecord(record: LogRecord): LogRecord {
    const { body, attributes, exception, eventName, severityText } = record;
    const copy = createCopy();
    return {
      ...record,
      body: copy.toMembers(body),
      // A map stays a map.
      ...(attributes !== undefined && { attributes: copy.toMembers(attributes) as Attributes }),
      ...(exception != null && { exception: toException(exception) }),
      ...(eventName !== undefined && { eventName: redactText(eventName) }),
      ...(severityText !== undefined && { severityText: redactText(severityText) }),
    };
  }

  /** One record's worth of copying. */
  function createCopy() {
    const above = new Set<object>();
    let values = 0;

    /** Of a map the members count as attributes of their own: only so do weak names such as `key`. */
    function toMembers(value: unknown): AnyValue {
      if (typeof value === 'string') return redactText(value);
      return typeof value === 'object' && value !== null ? copyObject('', value, 0) : copyValue('', value, 0);
    }

    function copyValue(name: string, value: unknown, depth: number): AnyValue {
      if (++values > MAX_VALUES) return redactor.marker;
      if (typeof value === 'string') return redactMember(name, value);
      if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
      if (typeof value === 'bigint') return String(value);
      if (typeof value === 'object') return copyObject(name, value, depth);
      return undefined;
    }

    function copyObject(name: string, value: object, depth: number): AnyValue {
      if (above.has(value)) return '[Circular]';
      // Bytes cannot be read for secrets, so they are one; so is what lies too deep.
      if (depth > MAX_DEPTH || ArrayBuffer.isView(value)) return redactor.marker;
      above.add(value);
      try {
        return copyContents(name, value, depth);
      } catch {
        // A getter or a toJSON that throws.
        return redactor.marker;
      } finally {
        above.delete(value);
      }
    }

    function copyContents(name: string, value: object, depth: number): AnyValue {
      if (Array.isArray(value)) return copyList(name, value, depth);
      if (value instanceof Error) return copyMap(name, Object.entries(toPlainError(value)), depth);
      if ('toJSON' in value && typeof value.toJSON === 'function') return copyValue(name, value.toJSON(), depth + 1);
      if (value instanceof Map)
        return copyMap(
          name,
          [...value].map(([key, one]) => [String(key), one] as const),
          depth,
        );
      if (value instanceof Set) return copyList(name, [...value], depth);
      return copyMap(name, Object.entries(value), depth);
    }

    function copyList(name: string, list: readonly unknown[], depth: number): AnyValue {
      const isRawHeaders = IS_RAW_HEADERS.test(toKey(name));
      return list.slice(0, MAX_VALUES).map((one, index) => {
        const before = list[index - 1];
        return isRawHeaders && index % 2 === 1 && typeof before === 'string' && typeof one === 'string'
          ? redactor.redactHeader(before, one)
          : (copyValue(name, one, depth + 1) ?? null);
      });
    }

    function copyMap(name: string, entries: ReadonlyArray<readonly [string, unknown]>, depth: number): AnyValue {
      const isHeaders = IS_HEADERS.test(toKey(name));
      const map: Attributes = {};
      for (const [key, value] of entries) {
        if (values >= MAX_VALUES) break;
        const path = name === '' ? key : `${name}.${key}`;
        const copy = copyValue(path, isHeaders ? redactHeaderValue(key, value) : value, depth + 1);
        if (copy !== undefined) map[redactText(key)] = copy;
      }
      return map;
    }

    return { toMembers };
  }

  function redactHeaderValue(name: string, value: unknown): unknown {
    if (typeof value === 'string') return redactor.redactHeader(name, value);
    return Array.isArray(value) ? redactor.redactHeader(name, value.map(String)) : value;
  }

  /** By the name, and what is a request's target also as one. */
  function redactMember(name: string, text: string): string {
    const redacted = redactor.redactAttribute(name, text);
    return redacted.startsWith('/') && IS_TARGET.test(toKey(name)) ? redactor.redact(redacted, 'server') : redacted;
  }

  /** As much of an exception as the SDK reads of one. */
  function toException(exception: unknown): LogRecord['exception'] {
    if (typeof exception === 'number') return exception;
    if (typeof exception !== 'object' || exception === null) return redactText(String(exception));
    const { code, name, message, stack } = exception as Readonly<Record<string, unknown>>;
    const toText = (value: unknown): string => redactText(String(value));
    return {
      ...((typeof code === 'string' || typeof code === 'number') && { code: toText(code) }),
      ...(typeof name === 'string' && { name: toText(name) }),
      ...(message !== undefined && { message: toText(message) }),
      ...(stack !== undefined && { stack: toText(exception instanceof Error ? toStack(exception) : stack) }),
    };
  }

  return {
    redactRecord,
    redactScope: ({ name, version, options }) => ({
      name: name && redactText(name),
      version: version && redactText(version),
      options: options && {
        ...options,
        ...(options.schemaUrl !== undefined && { schemaUrl: redactor.redact(options.schemaUrl, 'client') }),
        ...(options.attributes !== undefined && {
          attributes: redactor.redactAttribute('', options.attributes),
        }),
      },
    }),
  };
}

/** The last part of a dotted name. */
const toKey = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** What is not enumerable in an error is what it says. */
function toPlainError(error: Error): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  return Object.fromEntries(Object.entries({ name, message, stack, cause }).concat(Object.entries(error)));
}

/** The stack with those of its causes, as Node prints them. */
function toStack(error: Error): string {
  const stacks: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && stacks.length <= MAX_CAUSES) {
    stacks.push(current.stack ?? String(current));
    current = current.cause;
  }
  return stacks.join('\ncaused by: ');
}
