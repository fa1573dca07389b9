// The shape of OTLP JSON as far as the viewer reads it. What comes in is a stranger's: every field may be missing or of another type,
// so readers check before they use; these types are for what the viewer writes itself.

/** A value of an attribute or the body of a log record: one of the fields. */
export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values: readonly KeyValue[] };
  /** Base64. */
  readonly bytesValue?: string;
}

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

/** A span. Identifiers are hex, 64-bit numbers are decimal texts. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code: number; readonly message?: string };
  readonly traceState?: string;
  readonly flags?: number;
  readonly droppedAttributesCount?: number;
  readonly droppedEventsCount?: number;
  readonly droppedLinksCount?: number;
  readonly events?: readonly OtlpEvent[];
  readonly links?: readonly OtlpLink[];
}

export interface OtlpEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly KeyValue[];
}

export interface OtlpLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly KeyValue[];
}

export interface OtlpLog {
  readonly timeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName?: string;
}

export interface OtlpScope {
  readonly name: string;
  readonly version: string;
  readonly attributes?: readonly KeyValue[];
}

/** An ExportTraceServiceRequest and an ExportLogsServiceRequest in one, as in a file of lines of either. */
export interface OtlpData {
  readonly resourceSpans?: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: ReadonlyArray<{ readonly scope: OtlpScope; readonly spans: readonly OtlpSpan[] }>;
  }>;
  readonly resourceLogs?: ReadonlyArray<{
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeLogs: ReadonlyArray<{ readonly scope: OtlpScope; readonly logRecords: readonly OtlpLog[] }>;
  }>;
}
