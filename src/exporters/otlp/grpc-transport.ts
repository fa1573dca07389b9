// Loaded by otlp-sender.ts only where `grpc` is asked for: OTLP over gRPC, a bundle of its own. Twin of http-transport.ts.
import { NO_HTTP2, PROTOCOL_ERROR, createGrpcPoster } from './grpc-post.ts';
import { RETRYABLE, STATUS_NAMES, UNIMPLEMENTED, judgeGrpcAnswer } from './grpc-status.ts';
import { startPostBlocking } from './post-blocking.ts';
import { type Transport, type TransportTarget, judged, toBasic } from './transport.ts';

/** Runs in the worker of post-blocking.ts. */
const CALL_ALL = `
const { url, headers, tls, prefixes } = target;
const names = ${JSON.stringify(STATUS_NAMES)};
const retryable = ${JSON.stringify([...RETRYABLE])};
const { connect } = require('node:http2');
const session = connect(url, tls);
session.on('error', () => {});
for (const [index, body] of bodies.entries()) {
  const settle = settles[index];
  const stream = session.request(headers);
  let reason = 'connection closed without an answer';
  const judge = (given) => {
    const status = given['grpc-status'];
    if (status === '0') settle(true);
    else if (status !== undefined) settle(false, 'gRPC status ' + Number(status) + ' ' + (names[status] || 'UNKNOWN'), retryable.includes(Number(status)), Number(status) === ${UNIMPLEMENTED});
    else if (given[':status'] !== undefined) reason = given[':status'] === 200 ? 'an answer without a gRPC status' : 'HTTP status ' + given[':status'];
  };
  stream.on('response', judge);
  stream.on('trailers', judge);
  stream.on('error', (error) => {
    const why = error.cause?.message || error.message || error.code;
    settle(false, why === ${JSON.stringify(PROTOCOL_ERROR)} ? ${JSON.stringify(NO_HTTP2)} : why);
  });
  stream.on('close', () => settle(false, reason));
  stream.resume();
  stream.write(prefixes[index]);
  stream.end(body);
}
`;

/** `service` is the full name of the service whose method Export takes the bodies. */
export function createGrpcTransport(target: TransportTarget, service: string): Transport {
  const { isGzip, timeoutMillis, tls } = target;
  const url = new URL(target.url);
  const headers = {
    ...toMetadata(target.headers, url),
    ':method': 'POST',
    ':path': `/${service}/Export`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': toTimeout(timeoutMillis),
    ...(isGzip && { 'grpc-encoding': 'gzip' }),
  };
  /** Whether the message is compressed, and its length. */
  const toPrefix = (length: number): Uint8Array => {
    const prefix = Buffer.alloc(5);
    prefix[0] = isGzip ? 1 : 0;
    prefix.writeUInt32BE(length, 1);
    return prefix;
  };
  return {
    post: judged(createGrpcPoster({ url: target.url, headers, timeoutMillis, tls, toPrefix }), judgeGrpcAnswer),
    startPostBlocking(bodies, limitMillis) {
      const prefixes = bodies.map(({ byteLength }) => toPrefix(byteLength));
      const origin = `${url.protocol}//${url.host}`;
      return startPostBlocking(CALL_ALL, { url: origin, headers, tls, prefixes }, bodies, limitMillis);
    },
  };
}

/** Names that HTTP/2 has no room for, or that are gRPC's own. */
const NOT_METADATA = /^(?:proxy-connection|http2-settings|grpc-.*)$/;

/** Headers as metadata: with small letters. What stands before the @ of an address is sent as HTTP does it. */
function toMetadata(headers: TransportTarget['headers'], url: URL): Record<string, string> {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const basic = toBasic(url);
  return {
    ...(basic !== undefined && { authorization: basic }),
    ...Object.fromEntries(given.filter(([name]) => !NOT_METADATA.test(name))),
  };
}

/** At most eight digits and a unit. */
const toTimeout = (millis: number): string => (millis < 1e8 ? `${millis}m` : `${Math.ceil(millis / 1000)}S`);
