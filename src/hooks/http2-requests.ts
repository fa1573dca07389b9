// Called by the http2 client instrumentation: lets it add headers to a request. No diagnostics channel comes before Node has encoded them.
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { createContain } from '../log/guard.ts';
import { subscribe } from './channels.ts';
import { process } from '../natives.ts';

/** A request that is about to be made. */
export interface PreparedRequest {
  /** Takes the place of the application's headers. */
  readonly headers: object;
  made(stream: ClientHttp2Stream): void;
  failed(error: unknown): void;
}

/** Told of every call of `session.request()`; undefined leaves the call as it is. */
export type PrepareRequest = (session: ClientHttp2Session, headers: unknown) => PreparedRequest | undefined;

/** As it is called: whatever the application gives is passed on. */
type Request = (this: ClientHttp2Session, ...args: unknown[]) => ClientHttp2Stream;

/** How Node lists http2 among what it has loaded. */
const HTTP2_LOADED = 'NativeModule http2';

/**
 * Puts `prepare` before `session.request()` of every session, also of those that exist, whatever way http2 was imported.
 * @note Loading http2 takes milliseconds, so it is left to the application. A session needs a connection, and the channel of new
 * connections is where it is first seen that http2 is there; `http2.connect()` passes it before it makes the session.
 */
export function watchHttp2Requests(prepare: PrepareRequest): Disposable {
  let patch: Disposable | undefined;
  let modulesSeen = 0;
  /** As soon as one request has passed the patch, all do: what was being made while it was put there is made. */
  let isPassed = false;
  const prepareAll: PrepareRequest = (session, headers) => {
    isPassed = true;
    return prepare(session, headers);
  };

  function patchWhenLoaded(): void {
    if (patch !== undefined) return;
    const loaded = listLoaded();
    if (loaded.length === modulesSeen) return;
    modulesSeen = loaded.length;
    if (!loaded.includes(HTTP2_LOADED)) return;
    const prototype = findSessionPrototype();
    if (prototype !== undefined) patch = patchRequest(prototype, prepareAll);
  }

  /** Sees the first request over a connection that was there before http2 was loaded, or before us: that one is traced without headers. */
  function patchLate({ stream }: { stream: ClientHttp2Stream }): void {
    const { session } = stream;
    if (isPassed || session === undefined || isPushed(stream)) return;
    // A client stream belongs to a client session.
    const client = session as ClientHttp2Session;
    patch ??= patchRequest(Object.getPrototypeOf(client) as ClientHttp2Session, prepareAll);
    prepare(client, stream.sentHeaders)?.made(stream);
  }

  const subscription = subscribe({ 'net.client.socket': patchWhenLoaded, 'http2.client.stream.created': patchLate });
  patchWhenLoaded();
  return {
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      patch?.[Symbol.dispose]();
    },
  };
}

/** Not documented, and on every Node since the first: the built-in modules that are loaded. */
const listLoaded = (): readonly string[] => (process as { moduleLoadList?: readonly string[] }).moduleLoadList ?? [];

/** Streams that a server opens have even numbers; one that waits for its connection has none. */
export function isPushed({ id }: { readonly id?: number | undefined }): boolean {
  return id !== undefined && id % 2 === 0;
}

/**
 * The prototype of client sessions, which `node:http2` does not export.
 * @note The first thing a new session does is to note itself on its socket. This socket takes the note and ends the matter by throwing:
 * nothing is connected, and no session comes to be.
 */
function findSessionPrototype(): ClientHttp2Session | undefined {
  const http2 = process.getBuiltinModule('node:http2');
  // An application that has put its own function there counts its calls; `patchLate` is left then.
  if (!String(http2.connect).startsWith('function connect(authority, options, listener)')) return undefined;
  const enough = new Error('enough');
  let session: unknown;
  const socket = new Proxy(
    {},
    {
      set(_target, _name, value: unknown) {
        session = value;
        throw enough;
      },
    },
  );
  try {
    // It is none, and never used as one. Should a future Node not note the session there first, `patchLate` is left.
    const createConnection = (): Duplex => socket as Duplex;
    http2
      .connect('http://localhost', { createConnection })
      .on('error', () => {})
      .destroy();
  } catch (error) {
    if (error !== enough) return undefined;
  }
  const prototype: unknown = session instanceof Object ? Object.getPrototypeOf(session) : undefined;
  return prototype instanceof Object && Object.hasOwn(prototype, 'request')
    ? (prototype as ClientHttp2Session)
    : undefined;
}

function patchRequest(prototype: ClientHttp2Session, prepare: PrepareRequest): Disposable {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'request');
  if (descriptor === undefined || typeof descriptor.value !== 'function') return { [Symbol.dispose]() {} };
  const original = descriptor.value as Request;
  const contain = createContain('http2 request');
  let active = true;
  // A method, as the original is: it cannot be called with `new`.
  const { request } = {
    request(this: ClientHttp2Session, ...args: unknown[]): ClientHttp2Stream {
      const prepared = active ? contain(() => prepare(this, args[0])) : undefined;
      if (prepared === undefined) return Reflect.apply(original, this, args);
      let stream: ClientHttp2Stream;
      try {
        stream = Reflect.apply(original, this, [prepared.headers, ...args.slice(1)]);
      } catch (error) {
        contain(() => prepared.failed(error));
        throw error;
      }
      contain(() => prepared.made(stream));
      return stream;
    },
  };
  Object.defineProperty(request, 'length', { value: original.length, configurable: true });
  Object.defineProperty(prototype, 'request', { ...descriptor, value: request });
  return {
    [Symbol.dispose]() {
      active = false;
      // Somebody else may have put a function of his own before ours since.
      if (Object.getOwnPropertyDescriptor(prototype, 'request')?.value === request) {
        Object.defineProperty(prototype, 'request', descriptor);
      }
    },
  };
}
