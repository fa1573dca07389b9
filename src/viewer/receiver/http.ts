// Called by the server for POST /v1/…: OTLP over HTTP, protobuf or JSON.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal, readBody, unpack } from './read-body.ts';
import { type Encoding, type Signal, type Sink, take, writeAnswer } from './take.ts';

/** The signal of a path of OTLP, or undefined. */
export function toSignal(path: string): Signal | undefined {
  const signal = /^\/v1\/(traces|logs|metrics)$/.exec(path)?.[1];
  return signal as Signal | undefined;
}

/** Takes one request and answers it; never rejects. */
export async function receiveHttp(
  request: IncomingMessage,
  response: ServerResponse,
  signal: Signal,
  sink: Sink,
): Promise<void> {
  const encoding = toEncoding(request.headers['content-type']);
  const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  try {
    if (encoding === undefined) throw new Refusal(415, 'application/x-protobuf or application/json is expected');
    const body = await unpack(await readBody(request), request.headers['content-encoding']);
    const taken = take(body, signal, encoding, sink);
    response.writeHead(200, { 'content-type': type }).end(writeAnswer(taken, signal, encoding));
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 500;
    const message = error instanceof Error ? error.message : String(error);
    // The rest of a body that is too long is not waited for.
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ code: status === 503 ? 14 : 3, message }));
  }
}

function toEncoding(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}
