// Called by the http2 server instrumentation: lets everything that happens on a stream happen in the stream's context.
import type { Http2Session, Http2Stream } from 'node:http2';
import { type Context, context } from '@opentelemetry/api';

type Emit = (name: string | symbol, ...args: unknown[]) => boolean;

const contexts = new WeakMap<object, Context>();

/**
 * Fires the events of a stream (`data`, `trailers`, `aborted`, `close`, …) in `kept`, and the `stream` event that announces it too.
 * @note Many streams share a session, and Node calls back in the context of the session or of the connection. A context that is attached
 * there would, where contexts live on async resources (Node 22), stay on the session for the streams that follow.
 */
export function keepStreamContext(stream: Http2Stream, kept: Context): void {
  contexts.set(stream, kept);
  replaceEmit(stream, (emit, args) => context.with(kept, emit, stream, ...args));
  if (stream.session !== undefined) announceInContext(stream.session);
}

function announceInContext(session: Http2Session): void {
  if (contexts.has(session)) return;
  contexts.set(session, context.active());
  replaceEmit(session, (emit, args) => {
    const [name, stream] = args;
    const kept = name === 'stream' && stream instanceof Object ? contexts.get(stream) : undefined;
    return kept === undefined ? Reflect.apply(emit, session, args) : context.with(kept, emit, session, ...args);
  });
}

/** Puts a function of the same name and length before `emit` of this one object. */
function replaceEmit(target: Http2Session | Http2Stream, call: (emit: Emit, args: Parameters<Emit>) => boolean): void {
  const original = target.emit as Emit;
  const { emit } = {
    emit(name: string | symbol, ...args: unknown[]): boolean {
      return call(original, [name, ...args]);
    },
  };
  Object.defineProperty(target, 'emit', { value: emit, writable: true, configurable: true, enumerable: false });
}
