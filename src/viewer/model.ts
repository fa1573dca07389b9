// What the viewer's API answers, as JSON; the page, the CLI and tests read it. Times are milliseconds, with their fractions.

/** A line of the list. */
export interface TraceSummary {
  /** 32 digits of hex. */
  readonly id: string;
  /** Of the root, or of the earliest span while there is none. */
  readonly name: string;
  readonly service: string;
  /** Whether the root is there. */
  readonly hasRoot: boolean;
  /** Of the root: 0 unset, 1 ok, 2 error. */
  readonly status: number;
  /** Of the root's response, 0 where there is none. */
  readonly httpStatus: number;
  /** Since the epoch. */
  readonly startMillis: number;
  readonly durationMillis: number;
  readonly spans: number;
  readonly errors: number;
  readonly logs: number;
  /** In the order in which they were seen. */
  readonly services: readonly string[];
  readonly pinned: boolean;
}

export interface TraceList {
  /** Grows with every change of the store. */
  readonly revision: number;
  /** How many traces are there, and how many match. */
  readonly total: number;
  readonly matched: number;
  /** Latest first. */
  readonly traces: readonly TraceSummary[];
}

/** Where spans come from; `scope` is what made them. */
export interface OriginDetail {
  readonly service: string;
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string };
}

/** Values as JSON; `{"$bytes": base64}` and `{"$int": decimal}` for what JSON has no type for. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface SpanDetail {
  /** 16 digits of hex; the parent is empty for a root. */
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  /** As in OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** Since the start of the trace. */
  readonly start: number;
  readonly duration: number;
  readonly status: number;
  readonly httpStatus: number;
  /** Index in `origins`. */
  readonly origin: number;
  /** Index in `shapes`, and the attributes' values; undefined in a trace that is too large to be sent whole: ask for the span. */
  readonly shape?: number;
  readonly values?: readonly unknown[];
  readonly more?: SpanMore | null;
}

export interface SpanMore {
  /** Of the status. */
  readonly message?: string;
  /** `tracestate`. */
  readonly state?: string;
  readonly flags?: number;
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly SpanLink[];
  /** How many attributes, events and links the program dropped. */
  readonly dropped?: readonly [number, number, number];
}

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly trace: string;
  readonly span: string;
  readonly attributes: Attributes;
}

export interface LogDetail {
  /** Empty where the record belongs to no span. */
  readonly span: string;
  /** Since the start of the trace. */
  readonly time: number;
  /** As in OTLP: 1 to 24, 0 where unknown. */
  readonly severity: number;
  readonly severityText: string;
  readonly body: unknown;
  readonly attributes: Attributes;
  readonly origin: number;
}

export interface TraceDetail {
  readonly trace: TraceSummary;
  readonly origins: readonly OriginDetail[];
  /** Names of attributes, as many spans share them. */
  readonly shapes: ReadonlyArray<readonly string[]>;
  /** By their start. */
  readonly spans: readonly SpanDetail[];
  readonly logs: readonly LogDetail[];
}

/** One row of the table of routes: the spans of servers and consumers of one name. */
export interface RouteStats {
  readonly service: string;
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  /** A minute, over the time that the store knows of. */
  readonly perMinute: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** How many took up to 1, 2, 5, 10, … ms (see HISTOGRAM_LIMITS), the last: longer. */
  readonly histogram: readonly number[];
}

/** Upper ends of the bars of a route's histogram. */
export const HISTOGRAM_LIMITS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
];

/** The map of services: who is there, and who calls whom. */
export interface ServiceMap {
  readonly nodes: readonly ServiceNode[];
  readonly edges: readonly ServiceEdge[];
}

export interface ServiceNode {
  readonly name: string;
  /** Of a database, a broker or a host that is called and sends no spans itself. */
  readonly isExternal: boolean;
  readonly spans: number;
  readonly errors: number;
}

export interface ServiceEdge {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly errors: number;
  readonly meanMillis: number;
}

/** What is wrong with a request; `column` where it is a query. */
export interface ApiError {
  readonly error: { readonly message: string; readonly column?: number };
}
