// Called by the CLI: one process that takes spans of every program on this machine and shows them. A program of its own, it shares protocol.ts
// with the agent and nothing else; loaded only when it is asked for.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redactor } from '../redaction/create-redactor.ts';
import { readRecords } from './otlp/read-records.ts';
import { receiveGrpc } from './receiver/grpc.ts';
import { announce } from './server/announce.ts';
import { ChangeStream } from './server/change-stream.ts';
import { type Port, openPort } from './server/listen.ts';
import { answerRequest } from './server/requests.ts';
import { isAllowedHost } from './server/who-may.ts';
import { Store } from './store/store.ts';

export interface ViewerOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** A file for the spans; undefined: memory. */
  readonly database: string | undefined;
  /** Whether agents are told, and OpenTelemetry's own ports are answered where they are free. */
  readonly isAnnounced: boolean;
  /** Hides secrets in what is saved or printed. */
  readonly redactor: Redactor;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly maxTraces?: number;
  readonly maxBytes?: number;
}

/** A running viewer. Disposing it closes its ports and takes its notice away. */
export interface Viewer extends Disposable {
  /** `http://127.0.0.1:4319` */
  readonly url: string;
  /** Opens the page. */
  readonly link: string;
  readonly token: string;
  /** All the ports it answers on. */
  readonly ports: readonly number[];
  /** Adds the OTLP JSON of a file; returns how many spans it held. */
  add(data: unknown): number;
}

/** Where OTLP over HTTP and over gRPC are sent to by programs that are told nothing. */
const OTLP_PORTS = [4318, 4317];
const MAX_TRACES = 1_000;
const MAX_BYTES = 256 * 1024 * 1024;
const TOKEN_BYTES = 24;
/** Of one request, with its body. */
const REQUEST_MILLIS = 60_000;
/** Of one gRPC connection, at the same time. */
const MAX_STREAMS = 100;

/** Starts a viewer; rejects when its port is taken or its database cannot be opened. */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const { maxTraces = MAX_TRACES, maxBytes = MAX_BYTES, env, redactor } = options;
  const parts: Disposable[] = [];
  const keep = <Part extends Disposable>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  const stop = (): void => {
    for (const part of parts.toReversed()) part[Symbol.dispose]();
  };
  try {
    const store = keep(new Store({ path: options.database, maxTraces, maxBytes }));
    const changes = keep(new ChangeStream(() => store.revision));
    keep(store.onChange(() => changes.announce()));
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const tools = { store, changes, redactor, token, page: readPage };
    const http1 = process
      .getBuiltinModule('node:http')
      .createServer({ requestTimeout: REQUEST_MILLIS }, (request, response) => answerRequest(request, response, tools));
    const http2 = process
      .getBuiltinModule('node:http2')
      .createServer({ settings: { maxConcurrentStreams: MAX_STREAMS } });
    http2.on('stream', (stream, headers) => void receiveGrpc(stream, headers, store, isAllowedHost));
    // Broken connections are the sender's affair.
    http2.on('sessionError', () => {});
    const main = keep(await openPort(options.port, { http1, http2 }));
    const more: Port[] = [];
    for (const port of options.isAnnounced ? OTLP_PORTS : []) {
      const opened = await openPort(port, { http1, http2 }).catch(() => undefined);
      if (opened !== undefined) more.push(keep(opened));
    }
    const url = `http://127.0.0.1:${main.port}`;
    if (options.isAnnounced) keep(announce({ pid: process.pid, url, token }, env));
    return {
      url,
      link: `${url}/#token=${token}`,
      token,
      ports: [main, ...more].map(({ port }) => port),
      add(data) {
        const records = readRecords(data);
        return records.spans.length - store.add(records);
      },
      [Symbol.dispose]: stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

let page: string | undefined;

/** The build puts it beside this file; run from source, there is the one of the last build. */
function readPage(): string {
  const path = import.meta.url.endsWith('.ts') ? '../../dist/viewer.html' : './viewer.html';
  page ??= readFileSync(new URL(path, import.meta.url), 'utf8');
  return page;
}
