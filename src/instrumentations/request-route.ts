// Put into a request's context by the http server instrumentation: frameworks write the route into it, which names the server span.
import type { Span } from '@opentelemetry/api';
import { RPCType } from '@opentelemetry/core';

/** The template of the route that answers, told at once or when the request is over; undefined while none does. */
export type Route = string | undefined | (() => string | undefined);

/**
 * The route of one request. OpenTelemetry's instrumentations set `route` as they see fit, also for middleware; once one of ours has spoken,
 * its word alone counts.
 */
export class RequestRoute {
  readonly type = RPCType.HTTP as const;
  #span: Span;
  #claimed: string | undefined;
  #decided: Route;
  #isDecided = false;

  constructor(span: Span) {
    this.#span = span;
  }

  get span(): Span {
    return this.#span;
  }

  /** Called once the span has ended, with what is left of it. */
  letGo(ids: Span): void {
    this.#span = ids;
  }

  get route(): string | undefined {
    if (!this.#isDecided) return this.#claimed;
    return typeof this.#decided === 'function' ? this.#decided() : this.#decided;
  }

  set route(route: string | undefined) {
    this.#claimed = route;
  }

  /** Whether `decide` was called. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** Called by routes/, which know when a route has matched and when its handlers have passed the request on. */
  decide(route: Route): void {
    this.#isDecided = true;
    this.#decided = route;
  }
}
