// Forked by load.ts: an OTLP receiver that only counts spans, and the backend that the gateway asks.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type MessageType, readMessage } from '../support/protobuf-reader.ts';

// Spans stay bytes: what is in them does not matter here.
const SCOPE_SPANS: MessageType = { 2: { name: 'spans', type: 'bytes', repeated: true } };
const RESOURCE_SPANS: MessageType = { 2: { name: 'scopeSpans', type: () => SCOPE_SPANS, repeated: true } };
const REQUEST: MessageType = { 1: { name: 'resourceSpans', type: () => RESOURCE_SPANS, repeated: true } };

interface ScopeSpans {
  readonly spans?: readonly unknown[];
}

interface TracesRequest {
  readonly resourceSpans?: ReadonlyArray<{ readonly scopeSpans?: readonly ScopeSpans[] }>;
}

let spans = 0;

function countSpans(body: Uint8Array): number {
  // The tables above are the shape of what they read.
  const { resourceSpans = [] } = readMessage(body, REQUEST) as TracesRequest;
  return resourceSpans
    .flatMap(({ scopeSpans = [] }) => scopeSpans)
    .reduce((sum, scope) => sum + (scope.spans?.length ?? 0), 0);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end('12');
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    if (request.url === '/v1/traces') {
      spans += countSpans(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    }
    response.setHeader('content-type', 'application/x-protobuf');
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => process.send?.({ spans }));
process.on('disconnect', () => process.exit());
