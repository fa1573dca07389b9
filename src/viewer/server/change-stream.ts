// Made by start-viewer.ts: tells the pages that are open that the store has changed, as server-sent events, a few times a second at most.
import type { ServerResponse } from 'node:http';

const MIN_INTERVAL_MILLIS = 150;
/** A comment, so that a page notices a viewer that is gone. */
const HEARTBEAT_MILLIS = 15_000;
const MAX_STREAMS = 64;

export class ChangeStream implements Disposable {
  readonly #streams = new Set<ServerResponse>();
  readonly #readRevision: () => number;
  readonly #heartbeat: NodeJS.Timeout;
  #due: NodeJS.Timeout | undefined;

  constructor(readRevision: () => number) {
    this.#readRevision = readRevision;
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), HEARTBEAT_MILLIS);
    this.#heartbeat.unref();
  }

  /** Adds a page; it is told the revision at once. */
  add(response: ServerResponse): void {
    if (this.#streams.size >= MAX_STREAMS) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(this.#toEvent());
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  /** To be called after every change. */
  announce(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#write(this.#toEvent());
    }, MIN_INTERVAL_MILLIS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#due);
    for (const stream of this.#streams) stream.destroy();
  }

  #toEvent(): string {
    return `data: ${this.#readRevision()}\n\n`;
  }

  #write(text: string): void {
    for (const stream of this.#streams) {
      // A page that does not read is in the background; it asks anew when it comes back.
      if (!stream.writableNeedDrain) stream.write(text);
    }
  }
}
