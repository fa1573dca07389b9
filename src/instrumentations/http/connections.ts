// Made by server.ts: the exchanges that are under way, found by their connection. Nothing is put on a request itself: V8 would know it by
// another shape then, and with that of the client's messages Node's own code for requests has more of them than it is fast with.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { guard } from '../../log/guard.ts';

interface UnderWay {
  readonly request: IncomingMessage;
}

/** What is known of a connection that had an exchange. */
interface Connection<Exchange> {
  readonly exchanges: Exchange[];
  /** Our listener of `close`. */
  readonly onClose: () => void;
  before: Connection<Exchange> | undefined;
  after: Connection<Exchange> | undefined;
}

/** Told of a connection that closes, with what is under way on it. */
type OnClose<Exchange> = (socket: Socket, exchanges: readonly Exchange[]) => void;

const NONE: readonly never[] = [];

/** @note The connections with something under way are a list of their own, for the reason that OpenRequests gives. */
export class Connections<Exchange extends UnderWay> {
  readonly #known = new WeakMap<Socket, Connection<Exchange>>();
  readonly #onClose: OnClose<Exchange>;
  #first: Connection<Exchange> | undefined;
  #last: Connection<Exchange> | undefined;

  constructor(onClose: OnClose<Exchange>) {
    this.#onClose = onClose;
  }

  /** What is under way on a connection: more than one when a client pipelines. */
  of(socket: Socket): readonly Exchange[] {
    return this.#known.get(socket)?.exchanges ?? NONE;
  }

  add(socket: Socket, exchange: Exchange): void {
    const connection = this.#known.get(socket) ?? this.#meet(socket);
    if (connection.exchanges.push(exchange) === 1) this.#link(connection);
  }

  /** Takes the exchange of a request out; undefined where it is over already, or never was one. */
  take(socket: Socket, request: IncomingMessage): Exchange | undefined {
    const connection = this.#known.get(socket);
    if (connection === undefined) return undefined;
    const exchange = takeOut(connection.exchanges, request);
    if (exchange !== undefined && connection.exchanges.length === 0) this.#unlink(connection);
    return exchange;
  }

  /** Takes our listener off a connection that is handed over after ordinary requests. */
  letGo(socket: Socket): void {
    const connection = this.#known.get(socket);
    if (connection === undefined || connection.exchanges.length > 0) return;
    socket.removeListener('close', connection.onClose);
    this.#known.delete(socket);
  }

  /** All of now; they may leave while they are gone through. */
  list(): readonly Exchange[] {
    const all: Exchange[] = [];
    for (let connection = this.#first; connection !== undefined; connection = connection.after)
      all.push(...connection.exchanges);
    return all;
  }

  /** One listener a connection, not one a response: it sees the requests that never finish. */
  #meet(socket: Socket): Connection<Exchange> {
    const exchanges: Exchange[] = [];
    const onClose = guard('http server close', () => this.#onClose(socket, [...exchanges]));
    socket.prependOnceListener('close', onClose);
    const connection = { exchanges, onClose, before: undefined, after: undefined };
    this.#known.set(socket, connection);
    return connection;
  }

  #link(connection: Connection<Exchange>): void {
    connection.before = this.#last;
    if (this.#last === undefined) this.#first = connection;
    else this.#last.after = connection;
    this.#last = connection;
  }

  #unlink(connection: Connection<Exchange>): void {
    const { before, after } = connection;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    connection.before = undefined;
    connection.after = undefined;
  }
}

/** Mostly there is one, and no list is made of what was taken out. */
function takeOut<Exchange extends UnderWay>(exchanges: Exchange[], request: IncomingMessage): Exchange | undefined {
  if (exchanges.length === 1 && exchanges[0]?.request === request) return exchanges.pop();
  const at = exchanges.findIndex((exchange) => exchange.request === request);
  return at < 0 ? undefined : exchanges.splice(at, 1)[0];
}
