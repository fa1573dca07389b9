// Used by otlp-sender.ts for http/protobuf and http/json: OTLP over HTTP. Twin of grpc-transport.ts.
import { createPoster } from './http-post.ts';
import { RETRYABLE_STATUS, UNREAD_STATUS, judgeHttpAnswer } from './judge-answer.ts';
import { startPostBlocking } from './post-blocking.ts';
import { type Transport, type TransportTarget, judged } from './transport.ts';

/** Runs in the worker of post-blocking.ts. */
const POST_ALL = `
const { url, headers, tls, maxSockets, retryable, unread } = target;
const { request, Agent } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
const agent = new Agent({ ...tls, keepAlive: true, maxSockets });
for (const [index, body] of bodies.entries()) {
  const settle = settles[index];
  const outgoing = request(url, { agent, method: 'POST', headers: { ...headers, 'content-length': body.byteLength } }, (response) => {
    const { statusCode } = response;
    response.resume();
    settle(statusCode >= 200 && statusCode < 300, 'HTTP status ' + statusCode, retryable.includes(statusCode), unread.includes(statusCode));
  });
  outgoing.on('error', (error) => settle(false, error.message || error.code));
  outgoing.on('close', () => settle(false, 'connection closed without an answer'));
  outgoing.end(body);
}
`;

/** `contentType` is that of the bodies. */
export function createHttpTransport(target: TransportTarget, contentType: string): Transport {
  const { url, tls, maxInFlight } = target;
  const headers = {
    ...target.headers,
    'content-type': contentType,
    ...(target.isGzip && { 'content-encoding': 'gzip' }),
  };
  return {
    post: judged(createPoster({ ...target, headers }), (answer) => judgeHttpAnswer(answer, Date.now())),
    startPostBlocking: (bodies, limitMillis) =>
      startPostBlocking(
        POST_ALL,
        { url, headers, tls, maxSockets: maxInFlight, retryable: [...RETRYABLE_STATUS], unread: [...UNREAD_STATUS] },
        bodies,
        limitMillis,
      ),
  };
}
