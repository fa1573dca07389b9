// Made by agent.ts for the HTTP instrumentations: the one place where trace context is read from a message and written to one.
import { type Context, ROOT_CONTEXT, propagation } from '@opentelemetry/api';
import { type RequestUrl, compilePattern } from '../url-rules/pattern.ts';

/** Puts one header on a message that is not yet sent. */
type SetHeader<Message> = (message: Message, name: string, value: string) => void;

export interface TraceHeaders {
  /** Writes what the context says into a message that is not yet sent, where `url` is one that trace headers go to. */
  inject<Message>(context: Context, message: Message, set: SetHeader<Message>, url: RequestUrl): void;
  /** The context that a received message belongs to. */
  extract(headers: object): Context;
}

/** Trace headers as the registered propagator reads and writes them; `to` is `propagation.to`. */
export function createTraceHeaders(to: readonly string[] | undefined): TraceHeaders {
  const goTo = to?.map(compilePattern);
  return {
    inject(context, message, set, url) {
      if (goTo === undefined || goTo.some((matches) => matches(url))) propagation.inject(context, message, { set });
    },
    // Never the active context: a pipelined request is parsed in the context of the one before it.
    extract: (headers) => propagation.extract(ROOT_CONTEXT, headers),
  };
}
