// Made by tracing.ts for the HTTP instrumentations: the one place where trace context is read from a message and written to one.
import type { IncomingHttpHeaders } from 'node:http';
import { type Context, ROOT_CONTEXT, type TextMapGetter, type TextMapSetter, propagation } from '@opentelemetry/api';
import { type RequestUrl, compilePattern } from '../url-rules/pattern.ts';
import { readHeader } from './read-header.ts';

/** A message that is not yet sent. */
interface Unsent {
  setHeader(name: string, value: string): void;
}

export interface TraceHeaders {
  /** Writes what the context says into a message, where `url` is one that trace headers go to. */
  inject(context: Context, message: Unsent, url: RequestUrl): void;
  /** The context that a received message belongs to. */
  extract(headers: IncomingHttpHeaders): Context;
}

const getter: TextMapGetter<IncomingHttpHeaders> = { get: readHeader, keys: (headers) => Object.keys(headers) };
const setter: TextMapSetter<Unsent> = { set: (message, name, value) => message.setHeader(name, value) };

/** Trace headers as the registered propagator reads and writes them; `to` is `propagation.to`. */
export function createTraceHeaders(to: readonly string[] | undefined): TraceHeaders {
  const goTo = to?.map(compilePattern);
  return {
    inject(context, message, url) {
      if (goTo === undefined || goTo.some((matches) => matches(url))) propagation.inject(context, message, setter);
    },
    // Never the active context: a pipelined request is parsed in the context of the one before it.
    extract: (headers) => propagation.extract(ROOT_CONTEXT, headers, getter),
  };
}
