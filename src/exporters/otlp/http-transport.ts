// Used by otlp-sender.ts for http/protobuf and http/json: OTLP over HTTP. Twin of grpc-transport.ts.
import { type PostAnswer, createPoster } from './http-post.ts';
import { startPostBlocking } from './post-blocking.ts';
import { isRetryable, readRetryAfter } from './retry.ts';
import { type Transport, type TransportTarget, type Verdict, judged } from './transport.ts';

/** Runs in the worker of post-blocking.ts. */
const POST_ALL = `
const { url, headers, tls } = target;
const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
for (const [index, body] of bodies.entries()) {
  const settle = settles[index];
  const outgoing = request(url, { ...tls, method: 'POST', agent: false, headers: { ...headers, 'content-length': body.byteLength } }, (response) => {
    response.resume();
    settle(response.statusCode >= 200 && response.statusCode < 300, 'HTTP status ' + response.statusCode);
  });
  outgoing.on('error', (error) => settle(false, error.message || error.code));
  outgoing.on('close', () => settle(false, 'connection closed without an answer'));
  outgoing.end(body);
}
`;

/** `contentType` is that of the bodies. */
export function createHttpTransport(target: TransportTarget, contentType: string): Transport {
  const headers = {
    ...target.headers,
    'content-type': contentType,
    ...(target.isGzip && { 'content-encoding': 'gzip' }),
  };
  return {
    post: judged(createPoster({ ...target, headers }), (answer) => judgeHttpAnswer(answer, Date.now())),
    startPostBlocking: (bodies, limitMillis) =>
      startPostBlocking(POST_ALL, { url: target.url, headers, tls: target.tls }, bodies, limitMillis),
  };
}

/** What the OTLP specification makes of an HTTP answer. */
export function judgeHttpAnswer({ statusCode, retryAfter }: PostAnswer, now: number): Verdict {
  if (statusCode >= 200 && statusCode < 300) return { taken: true };
  return {
    taken: false,
    reason: `HTTP status ${statusCode}`,
    retry: isRetryable(statusCode),
    waitMillis: readRetryAfter(retryAfter, now),
  };
}
