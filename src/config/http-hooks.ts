// The types of `http.hooks`, for those who write a config and for the capture that calls them.

/** What a hook may put on a span; the part of OpenTelemetry's `Span` that needs no import of it. */
export interface HookedSpan {
  setAttribute(name: string, value: string | number | boolean | readonly string[]): unknown;
  addEvent(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): unknown;
  updateName(name: string): unknown;
}

/** What hooks are told beside the span: Node's or undici's own objects, which they must leave as they are. */
export interface HookInfo {
  readonly direction: 'client' | 'server';
  readonly request: unknown;
  /** Only when the response is known. */
  readonly response?: unknown;
}

/** Called when the span is made, and when its response is known. A throw is contained; what they set is redacted. */
export interface HttpHooks {
  readonly request?: ((span: HookedSpan, info: HookInfo) => void) | undefined;
  readonly response?: ((span: HookedSpan, info: HookInfo) => void) | undefined;
}
