// Used by causes/sending.ts: what a failed test span tells about the way to a destination. One kind for each, the most telling first.
import type { TriedDestination } from './try-destinations.ts';

export type AnswerKind =
  | 'bad-token'
  | 'refused'
  | 'unknown-host'
  | 'no-answer'
  | 'certificate'
  | 'not-tls'
  | 'wrong-protocol'
  | 'http-port'
  | 'path-twice'
  | 'wrong-path'
  | 'proxy'
  | 'busy'
  | 'file-not-writable'
  | 'not-taken';

/** Certificates: https://nodejs.org/api/tls.html, "X509 certificate error codes". */
const CERTIFICATE = /CERT|UNABLE_TO_|_SIGNATURE|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE/;

const GRPC_REFUSES_KEY = /\b(?:UNAUTHENTICATED|PERMISSION_DENIED)\b/;

/** Undefined where the span was taken. */
export function classifyAnswer({
  kind,
  taken,
  code = '',
  message = '',
  address,
  answer,
}: TriedDestination): AnswerKind | undefined {
  const isPage = answer?.contentType?.startsWith('text/html') === true;
  // A page that says 200 has taken nothing.
  if (taken) return isPage ? 'proxy' : undefined;
  if (kind === 'file') return 'file-not-writable';
  if (/\/v1\/traces\/+v1\/traces\b/.test(address)) return 'path-twice';
  // In the words of the transport for gRPC, whose receivers have no status code of HTTP.
  if (message.startsWith('there is no HTTP/2')) return 'http-port';
  if (GRPC_REFUSES_KEY.test(message)) return 'bad-token';
  return answer === undefined ? classifyError(code, address) : classifyStatus(answer.statusCode, isPage);
}

function classifyStatus(statusCode: number, isPage: boolean): AnswerKind {
  if (statusCode === 407) return 'proxy';
  if (statusCode === 401 || (statusCode === 403 && !isPage)) return 'bad-token';
  if (isPage || (statusCode >= 300 && statusCode < 400)) return 'proxy';
  if (statusCode === 404 || statusCode === 405) return 'wrong-path';
  return statusCode === 429 || statusCode >= 500 ? 'busy' : 'not-taken';
}

function classifyError(code: string, address: string): AnswerKind {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown-host';
  if (code === 'ETIMEDOUT') return 'no-answer';
  if (CERTIFICATE.test(code)) return 'certificate';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return 'not-tls';
  // What a gRPC server sends first is a frame of HTTP/2, which no HTTP/1.1 answer begins with; some cut the connection instead.
  if (code.startsWith('HPE_')) return 'wrong-protocol';
  return /:4317(?:\/|$)/.test(address) ? 'wrong-protocol' : 'not-taken';
}
