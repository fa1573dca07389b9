// First among the span processors: cleans what others (the application, libraries) put into spans, before these end.
import {
  type AttributeValue,
  type Attributes,
  type SpanContext,
  type TraceState,
  createTraceState,
} from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Redactor } from '../redaction/create-redactor.ts';
import { SpanImpl } from '../tracer/span-impl.ts';
import { visitAll } from '../tracer/vouching.ts';

export interface RedactionGuardOptions {
  readonly redactor: Redactor;
  /** `limits.attributeValueLength`. Kept here and not by the SDK, which cuts as soon as a value is set: half a secret is not recognised. */
  readonly maxValueLength: number | undefined;
}

type Scope = Span['instrumentationScope'];

/** Beyond this many an application makes its names up as it goes, and each is read anew. */
const MAX_CLEAN_NAMES = 1000;

/**
 * Cleans every text of a span: name, scope, attributes and their names, events, links and status; also what an application writes into
 * a span that it did not make (`trace.getActiveSpan()`).
 */
export function createRedactionGuard({ redactor, maxValueLength }: RedactionGuardOptions): SpanProcessor {
  const scopes = new WeakMap<Scope, Scope>();
  const cleanNames = new Set<string>();

  function redactScope(scope: Scope): Scope {
    const known = scopes.get(scope);
    if (known !== undefined) return known;
    const name = redactor.redact(scope.name, 'string');
    const version = scope.version === undefined ? undefined : redactor.redact(scope.version, 'string');
    const schemaUrl = scope.schemaUrl === undefined ? undefined : redactor.redact(scope.schemaUrl, 'client');
    const same = name === scope.name && version === scope.version && schemaUrl === scope.schemaUrl;
    const clean = same
      ? scope
      : { name, ...(version !== undefined && { version }), ...(schemaUrl !== undefined && { schemaUrl }) };
    scopes.set(scope, clean);
    return clean;
  }

  /** In place: the object is the span's own, and a span that is ending takes no more attributes through its limits. */
  function redactEntry(attributes: Attributes, name: string): void {
    const value = attributes[name];
    const redacted = redactValue(name, value);
    const cut = maxValueLength === undefined ? redacted : cutValue(redacted, maxValueLength);
    const cleanName = cleanNames.has(name) ? name : redactName(name);
    if (cleanName !== name) delete attributes[name];
    if (cut !== value || cleanName !== name) attributes[cleanName] = cut;
  }

  function redactAttributes(attributes: Attributes | undefined): void {
    if (attributes !== undefined) visitAll(attributes, redactEntry);
  }

  /** Names are few and the same in every span, so each is read once. */
  function redactName(name: string): string {
    const clean = redactor.redact(name, 'string');
    if (clean === name && cleanNames.size < MAX_CLEAN_NAMES) cleanNames.add(name);
    return clean;
  }

  /** Bytes cannot be read for secrets, so they are one. */
  function redactValue(name: string, value: AttributeValue): AttributeValue {
    return value instanceof Uint8Array ? redactor.marker : redactor.redactAttribute(name, value);
  }

  /** OTLP carries the tracestate of a span and of its links as it came in: a text that any client writes. */
  function redactTraceState({ traceState }: SpanContext): TraceState | undefined {
    if (traceState === undefined) return undefined;
    const text = traceState.serialize();
    const clean = redactor.redact(text, 'string');
    return clean === text ? traceState : createTraceState(clean);
  }

  return {
    onStart(): void {},
    onEnding(span): void {
      const name = cleanNames.has(span.name) ? span.name : redactName(span.name);
      if (name !== span.name) span.updateName(name);
      const spanContext = span.spanContext();
      const traceState = redactTraceState(spanContext);
      // Only now, at the end: what is sent on to others while the span lives stays as it came.
      if (traceState !== undefined && traceState !== spanContext.traceState) spanContext.traceState = traceState;
      const scope = redactScope(span.instrumentationScope);
      // A tracer's scope is shared by its spans and read-only; the span's own reference to it can be exchanged.
      if (scope !== span.instrumentationScope) Object.assign(span, { instrumentationScope: scope });
      if (span instanceof SpanImpl) span.visitUnread(redactEntry);
      else redactAttributes(span.attributes);
      for (const event of span.events) {
        event.name = redactor.redact(event.name, 'string');
        redactAttributes(event.attributes);
      }
      for (const link of span.links) {
        redactAttributes(link.attributes);
        const linked = redactTraceState(link.context);
        // A copy: the context may be the application's own object.
        if (linked !== undefined && linked !== link.context.traceState)
          link.context = { ...link.context, traceState: linked };
      }
      const { status } = span;
      if (status.message !== undefined) status.message = redactor.redact(status.message, 'string');
    },
    onEnd(): void {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** The specification's cut: texts, and texts in lists; nothing else has a length. */
function cutValue(value: AttributeValue, maxLength: number): AttributeValue {
  if (typeof value === 'string') return value.length > maxLength ? value.slice(0, maxLength) : value;
  if (!Array.isArray(value) || !value.some((item) => typeof item === 'string' && item.length > maxLength)) return value;
  return value.map((item: AttributeValue) => cutValue(item, maxLength) ?? null);
}
