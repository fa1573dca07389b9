// Used by otlp-sender.ts for http/protobuf and http/json: OTLP over HTTP. Twin of grpc-transport.ts.
import { createAgent, createPoster } from './http-post.ts';
import { RETRYABLE_STATUS, UNREAD_STATUS, judgeHttpAnswer } from './judge-answer.ts';
import { startPostBlocking } from './post-blocking.ts';
import { startPostOnIdle } from './post-on-idle.ts';
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
  const parsed = new URL(url);
  const agent = createAgent(parsed, tls, maxInFlight);
  const headers = {
    ...target.headers,
    'content-type': contentType,
    ...(target.isGzip && { 'content-encoding': 'gzip' }),
  };
  const workerTarget = {
    url,
    headers,
    tls,
    maxSockets: maxInFlight,
    retryable: [...RETRYABLE_STATUS],
    unread: [...UNREAD_STATUS],
  };
  return {
    post: judged(createPoster({ ...target, headers, agent }), (answer) => judgeHttpAnswer(answer, Date.now())),
    startPostBlocking(bodies, limitMillis) {
      const deadline = performance.now() + limitMillis;
      const [body, ...more] = bodies;
      const isOne = body !== undefined && more.length === 0 && parsed.protocol === 'http:';
      const onIdle = isOne ? startPostOnIdle({ agent, url: parsed, headers, body, limitMillis }) : undefined;
      if (onIdle === undefined) return startPostBlocking(POST_ALL, workerTarget, bodies, limitMillis);
      return () => {
        const result = onIdle();
        if (result !== undefined) return [result];
        return startPostBlocking(POST_ALL, workerTarget, bodies, Math.max(0, deadline - performance.now()))();
      };
    },
  };
}
