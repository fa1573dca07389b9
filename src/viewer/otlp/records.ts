// What the receiver hands to the store: spans and log records with everything that is searched or sorted by as a field, the rest as JSON text.

/** Where a span or a log record comes from. */
interface Origin {
  /** JSON of the resource's attributes. */
  readonly resource: string;
  /** `service.name`, or empty. */
  readonly service: string;
  /** JSON: `{"name":…,"version":…}`. */
  readonly scope: string;
}

export interface SpanRecord extends Origin {
  /** 32 and 16 digits of lower-case hex, never all zero. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly name: string;
  /** As in OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** Since the epoch; the end is never before the start. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  /** As in OTLP: 0 unset, 1 ok, 2 error. */
  readonly status: number;
  /** Of the response, 0 where there is none. */
  readonly httpStatus: number;
  /** What a call goes to, such as `postgresql` or a host; null where it does not say, and for spans that are no calls. */
  readonly peer: string | null;
  /** The attributes' names and values, two JSON lists. */
  readonly keys: string;
  readonly values: string;
  /** JSON object of what few spans have: `message`, `state`, `flags`, `events`, `links`, `dropped`; null where there is nothing. */
  readonly more: string | null;
}

export interface LogRecord extends Origin {
  readonly traceId: string;
  /** Empty where the record belongs to no span. */
  readonly spanId: string;
  readonly timeNanos: bigint;
  /** As in OTLP: 1 to 24, 0 where unknown; 17 and more are errors. */
  readonly severity: number;
  readonly severityText: string;
  /** JSON of any value. */
  readonly body: string;
  /** JSON object. */
  readonly attributes: string;
}

/** What one request held; `refused` spans had no valid identifiers. Log records without a trace are not kept: there is no place to show them. */
export interface Records {
  readonly spans: readonly SpanRecord[];
  readonly logs: readonly LogRecord[];
  readonly refused: number;
}
