// Made by the tracer for every span that is recorded: ours, of libraries, of the application. What @opentelemetry/sdk-trace's own span does,
// at a tenth of its cost; test/tracer/same-as-sdk.test.ts holds one against the other.
import {
  type AttributeValue,
  type Attributes,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  diag,
} from '@opentelemetry/api';
import {
  AddAttributeDecision,
  type InstrumentationScope,
  cleanAttributes,
  cleanSimpleAttributes,
  hrTimeDuration,
  hrTimeToMilliseconds,
  isTimeInput,
  isTimeInputHrTime,
  maybeAddAttribute,
  millisToHrTime,
} from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanLimits, SpanProcessor, TimedEvent } from '@opentelemetry/sdk-trace';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { reportInternalError } from '../log/guard.ts';
import { toErrorText } from '../log/log.ts';
import { type OwnAttributes, isPlain } from './attributes.ts';
import { type Anchor, CLOCK_SLACK_MILLIS, type Clock, toWallTime } from './clock.ts';
import { type InspectArguments, inspectCustom, toInspected, toSettledAttributes } from './inspect.ts';
import { type AttributeVisitor, type Vouching, visitAll } from './vouching.ts';

/** Nanoseconds are sent in 64 bits. */
const OTLP_END_SECONDS = Math.floor(2 ** 64 / 1e9) - 1;

const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

/** What all spans of a tracer provider share. */
export interface SpanEnvironment {
  readonly resource: Resource;
  readonly limits: Required<SpanLimits>;
  readonly processor: Required<Pick<SpanProcessor, 'onStart' | 'onEnding' | 'onEnd'>>;
  readonly clock: Clock;
}

export interface SpanBirth {
  readonly name: string;
  readonly kind: SpanKind;
  readonly scope: InstrumentationScope;
  readonly spanContext: SpanContext;
  readonly parentSpanContext: SpanContext | undefined;
  /** Undefined for now. */
  readonly startTime: TimeInput | undefined;
  /** The span's own from here on, within the limits. */
  readonly attributes: OwnAttributes;
  /** Undefined where nobody vouches for the attributes. */
  readonly vouching: Vouching | undefined;
  /** The span's own from here on, not yet within the limits. */
  readonly links: Link[];
}

/**
 * A span that is recorded.
 * @note Fields are declared for the compiler only: as fields of the class they would all be set twice, a fifth of a span's cost.
 * @note No `#private` fields: a Proxy around a span, and an object that inherits from one, must still be a span.
 */
export class SpanImpl implements Span, ReadableSpan {
  declare name: string;
  declare readonly kind: SpanKind;
  declare readonly parentSpanContext?: SpanContext;
  declare status: SpanStatus;
  declare links: Link[];
  declare events: TimedEvent[];
  /** Its tracer's, but the redaction guard may exchange it. */
  declare instrumentationScope: InstrumentationScope;
  declare droppedAttributesCount: number;
  declare droppedEventsCount: number;
  declare droppedLinksCount: number;
  declare private readonly _spanContext: SpanContext;
  declare private readonly _environment: SpanEnvironment;
  declare private readonly _attributes: Attributes;
  declare private _attributesCount: number;
  declare private readonly _vouching: Vouching | undefined;
  declare private readonly _anchor: Anchor;
  /** Monotonic milliseconds where the time was measured, a wall time where it was given. */
  declare private readonly _start: number | HrTime;
  declare private _end: number | HrTime | undefined;
  declare private _ended: boolean;

  constructor(environment: SpanEnvironment, birth: SpanBirth) {
    const { clock, limits } = environment;
    const now = clock.now();
    const excess = birth.links.length - limits.linkCountLimit;
    this.name = birth.name;
    this.kind = birth.kind;
    // There without a value too, as in the SDK: all spans have one shape.
    this.parentSpanContext = birth.parentSpanContext as SpanContext;
    this.status = { code: SpanStatusCode.UNSET };
    this.links = excess > 0 ? birth.links.slice(excess) : birth.links;
    this.events = [];
    this.instrumentationScope = birth.scope;
    this.droppedAttributesCount = birth.attributes.dropped;
    this.droppedEventsCount = 0;
    this.droppedLinksCount = excess > 0 ? excess : 0;
    this._spanContext = birth.spanContext;
    this._environment = environment;
    this._attributes = birth.attributes.attributes;
    this._attributesCount = birth.attributes.count;
    this._vouching = birth.vouching;
    this._anchor = clock.anchorAt(now);
    this._start = birth.startTime == null ? now : this._toTime(birth.startTime);
    this._end = undefined;
    this._ended = false;
  }

  spanContext(): SpanContext {
    return this._spanContext;
  }

  isRecording(): boolean {
    return !this._ended;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this._isOver() || value === undefined || typeof key !== 'string') return this;
    const { limits } = this._environment;
    const attributes = this._attributes;
    const count = this._attributesCount;
    if (isPlain(value) && key !== '' && limits.attributeValueLengthLimit === Infinity) {
      // What is found may be inherited, such as `constructor`; what is not found is new.
      if (attributes[key] === undefined || !Object.hasOwn(attributes, key)) {
        if (count >= limits.attributeCountLimit) return this._dropAttribute();
        this._attributesCount = count + 1;
      }
      attributes[key] = value;
    } else {
      const decision = maybeAddAttribute({ key, value, attributes, limits, currentAttributesCount: count });
      if (decision === AddAttributeDecision.DROP_LIMIT_REACHED) return this._dropAttribute();
      if (decision === AddAttributeDecision.ADD_NEW) this._attributesCount = count + 1;
    }
    this._vouching?.note(key, this._attributesCount > count);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) {
      if (Object.hasOwn(attributes, key)) this.setAttribute(key, attributes[key]);
    }
    return this;
  }

  addEvent(name: string, attributesOrStartTime?: Attributes | TimeInput, timeStamp?: TimeInput): this {
    if (this._isOver()) return this;
    const { limits } = this._environment;
    if (limits.eventCountLimit === 0) {
      diag.warn('No events allowed.');
      this.droppedEventsCount++;
      return this;
    }
    if (this.events.length >= limits.eventCountLimit) {
      if (this.droppedEventsCount === 0) diag.debug('Dropping extra events.');
      this.events.shift();
      this.droppedEventsCount++;
    }
    const isTime = isTimeInput(attributesOrStartTime);
    const time = isTime && !isTimeInput(timeStamp) ? attributesOrStartTime : timeStamp;
    this.events.push({
      name,
      time: this._toTime(time),
      ...cleanSimpleAttributes(isTime ? undefined : attributesOrStartTime, {
        attributeCountLimit: limits.attributePerEventCountLimit,
        attributeValueLengthLimit: limits.attributeValueLengthLimit,
      }),
    });
    return this;
  }

  addLink(link: Link): this {
    if (this._isOver()) return this;
    const { limits } = this._environment;
    if (limits.linkCountLimit === 0) {
      this.droppedLinksCount++;
      return this;
    }
    if (this.links.length >= limits.linkCountLimit) {
      if (this.droppedLinksCount === 0) diag.debug('Dropping extra links.');
      this.links.shift();
      this.droppedLinksCount++;
    }
    this.links.push(...toOwnLinks([link], limits));
    return this;
  }

  addLinks(links: Link[]): this {
    if (Array.isArray(links)) for (const link of links) this.addLink(link);
    return this;
  }

  /** OK is the last word; UNSET is none. */
  setStatus(status: SpanStatus): this {
    const { code, message } = status ?? UNSET;
    if (this._isOver() || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this;
    if (code !== SpanStatusCode.OK && code !== SpanStatusCode.ERROR) {
      diag.warn(`Dropping invalid status.code of type '${typeof code}', expected one of SpanStatusCode`);
      return this;
    }
    this.status = { code };
    if (code !== SpanStatusCode.ERROR || message == null) return this;
    if (typeof message === 'string') this.status.message = message;
    else diag.warn(`Dropping invalid status.message of type '${typeof message}', expected 'string'`);
    return this;
  }

  updateName(name: string): this {
    if (!this._isOver()) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = toExceptionAttributes(exception);
    if (attributes[ATTR_EXCEPTION_TYPE] || attributes[ATTR_EXCEPTION_MESSAGE])
      this.addEvent('exception', attributes, time);
    else diag.warn(`Failed to record an exception ${toErrorText(exception)}`);
  }

  end(endTime?: TimeInput): void {
    if (this._isOver()) {
      const { traceId, spanId } = this._spanContext;
      diag.error(`${this.name} ${traceId}-${spanId} - You can only call end() on a span once.`);
      return;
    }
    if (endTime === undefined && typeof this._start === 'number') this._end = this._environment.clock.now();
    else this._endAt(this._toTime(endTime), typeof this._start === 'number' || endTime == null);
    if (this.droppedEventsCount > 0)
      diag.warn(`Dropped ${this.droppedEventsCount} events because eventCountLimit reached`);
    if (this.droppedLinksCount > 0) diag.warn(`Dropped ${this.droppedLinksCount} links because linkCountLimit reached`);
    const { processor } = this._environment;
    try {
      processor.onEnding(this);
      this._ended = true;
      processor.onEnd(this);
    } catch (error) {
      // What cannot be cleaned does not leave the process.
      this._ended = true;
      reportInternalError('the end of a span', error);
    }
  }

  get attributes(): Attributes {
    if (!this._ended) this._vouching?.handOut(this._attributes);
    return this._attributes;
  }

  /** An attribute that is a text. Cheaper than `attributes`, with which somebody gets hold of what he may write into. */
  textOf(name: string): string | undefined {
    const value = this._attributes[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Wall time to the nanosecond. */
  get startTime(): HrTime {
    return this._toWallTime(this._start);
  }

  /** `[0, 0]` until the span ends. */
  get endTime(): HrTime {
    return this._end === undefined ? [0, 0] : this._toWallTime(this._end);
  }

  /** `[-1, -1]` until the span ends; never negative then. */
  get duration(): HrTime {
    return this._end === undefined ? [-1, -1] : hrTimeDuration(this.startTime, this.endTime);
  }

  get ended(): boolean {
    return this._ended;
  }

  get resource(): Resource {
    return this._environment.resource;
  }

  /** For the redaction guard: calls `visit` for every attribute that nobody vouches for. */
  visitUnread(visit: AttributeVisitor): void {
    if (this._vouching === undefined) visitAll(this._attributes, visit);
    else this._vouching.visitUnread(this._attributes, visit);
  }

  /** What the SDK's own span shows as JSON is all of the SDK behind it, where that is no circle. */
  toJSON(): object {
    return this._toFacts();
  }

  [inspectCustom](...how: InspectArguments): unknown {
    return toInspected('SpanImpl', this._toFacts(), how);
  }

  private _toFacts(): object {
    return {
      name: this.name,
      kind: this.kind,
      spanContext: this._spanContext,
      parentSpanContext: this.parentSpanContext,
      status: this.status,
      startTime: this.startTime,
      endTime: this.endTime,
      duration: this.duration,
      ended: this._ended,
      attributes: this.attributes,
      events: this.events,
      links: this.links,
      droppedAttributesCount: this.droppedAttributesCount,
      droppedEventsCount: this.droppedEventsCount,
      droppedLinksCount: this.droppedLinksCount,
      instrumentationScope: this.instrumentationScope,
      resource: { attributes: toSettledAttributes(this.resource) },
    };
  }

  private _isOver(): boolean {
    if (this._ended) {
      const span = `ended Span {traceId: ${this._spanContext.traceId}, spanId: ${this._spanContext.spanId}}`;
      diag.warn(`Cannot execute the operation on ${span}`, new Error(`Operation attempted on ${span}`));
    }
    return this._ended;
  }

  private _dropAttribute(): this {
    this.droppedAttributesCount++;
    if (this.droppedAttributesCount === 1) diag.warn('Dropping extra attributes.');
    return this;
  }

  /** `isMixed`: one edge is this clock's, the other what the application read on its own. */
  private _endAt(end: HrTime, isMixed: boolean): void {
    const start = this.startTime;
    const duration = hrTimeDuration(start, end);
    if (duration[0] >= 0 || Number.isNaN(duration[0])) {
      this._end = end;
      return;
    }
    if (!isMixed || hrTimeToMilliseconds(duration) <= -CLOCK_SLACK_MILLIS)
      diag.warn('Inconsistent start and end time, startTime > endTime. Setting span duration to 0ms.', start, end);
    this._end = [start[0], start[1]];
  }

  private _toWallTime(time: number | HrTime): HrTime {
    return typeof time === 'number' ? toWallTime(this._anchor, time) : time;
  }

  /** Small numbers are read as `performance.now()`, large ones as milliseconds since the epoch; nothing, and what is no time, is now. */
  private _toTime(input: TimeInput | undefined): HrTime {
    const { clock } = this._environment;
    let time: HrTime | undefined;
    if (typeof input === 'number')
      time = input <= clock.now() ? toWallTime(this._anchor, input) : millisToHrTime(input);
    else if (input instanceof Date) time = millisToHrTime(input.getTime());
    else if (isTimeInputHrTime(input)) time = input;
    if (time !== undefined && isSendable(time)) return time;
    // Beside a start that was given, "now" is what the giver's clock says.
    return toWallTime(typeof this._start === 'number' ? this._anchor : clock.check(), clock.now());
  }
}

/** Links whose attributes are the span's own and within the limits. What links to nothing is none: a receiver refuses the whole batch of it. */
export function toOwnLinks(links: readonly Link[], limits: Required<SpanLimits>): Link[] {
  const own: Link[] = [];
  for (const link of links) {
    const context = link?.context;
    if (typeof context?.traceId !== 'string' || typeof context.spanId !== 'string') {
      diag.warn('Dropping a link without a span context.');
      continue;
    }
    own.push({
      context,
      ...cleanAttributes(link.attributes, {
        attributeCountLimit: limits.attributePerLinkCountLimit,
        attributeValueLengthLimit: limits.attributeValueLengthLimit,
      }),
    });
  }
  return own;
}

/** Whether OTLP has room for it; a receiver refuses the whole batch of a time such as NaN. */
function isSendable([seconds, nanos]: HrTime): boolean {
  return seconds >= 0 && seconds < OTLP_END_SECONDS && nanos >= 0 && nanos < Infinity;
}

function toExceptionAttributes(exception: Exception): Attributes {
  if (typeof exception === 'string') return { [ATTR_EXCEPTION_MESSAGE]: exception };
  const attributes: Attributes = {};
  if (!exception) return attributes;
  if (exception.code) attributes[ATTR_EXCEPTION_TYPE] = exception.code.toString();
  else if (exception.name) attributes[ATTR_EXCEPTION_TYPE] = exception.name;
  if (exception.message) attributes[ATTR_EXCEPTION_MESSAGE] = exception.message;
  if (exception.stack) attributes[ATTR_EXCEPTION_STACKTRACE] = exception.stack;
  return attributes;
}
