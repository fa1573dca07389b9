// Called for every HTTP/1.1 request: OTLP, the page, or the API, each for those who may.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { receiveHttp, toSignal } from '../receiver/http.ts';
import { type ApiTools, answerApi } from './api.ts';
import { hasToken, isAllowedHost, isOwnOrigin, mayPageSend } from './who-may.ts';

export interface RequestTools extends ApiTools {
  readonly token: string;
}

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  // The page names its own script and style by their hashes; nothing may put it into a frame.
  'content-security-policy': "frame-ancestors 'none'",
  'x-frame-options': 'DENY',
};

/** Answers one request; never throws. */
export function answerRequest(request: IncomingMessage, response: ServerResponse, tools: RequestTools): void {
  const { host, origin, authorization } = request.headers;
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  // A sender that goes away in the middle is its own affair.
  response.on('error', () => {});
  if (!isAllowedHost(host)) return refuse(response, 403, 'this host name is not one of this machine');
  // A path may begin with two slashes, which would be another host if it were resolved.
  const address = `http://localhost${request.url}`;
  if (request.url?.startsWith('/') !== true || !URL.canParse(address)) return refuse(response, 400, 'no address');
  const url = new URL(address);
  const signal = toSignal(url.pathname);
  if (signal !== undefined)
    return receive(request, response, () => void receiveHttp(request, response, signal, tools.store));
  if (!isOwnOrigin(origin, host)) return refuse(response, 403, 'not for pages of another origin');
  if (url.pathname.startsWith('/api/')) {
    if (!hasToken(authorization, tools.token))
      return refuse(response, 401, 'the token is missing: open the link that tracing view printed');
    return answerApi(request, response, url, tools);
  }
  if (url.pathname !== '/' || request.method !== 'GET') return refuse(response, 404, 'there is nothing here');
  // It shows nothing before it has the token, which is in the link's fragment and so in no request but those of the API.
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(tools.page());
}

/** OTLP, also from pages under development on this machine, which ask first whether they may (CORS). */
function receive(request: IncomingMessage, response: ServerResponse, work: () => void): void {
  const { origin } = request.headers;
  if (!mayPageSend(origin)) return refuse(response, 403, 'not for pages of other machines');
  if (origin !== undefined) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-headers', 'content-type, content-encoding');
    response.setHeader('vary', 'origin');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
  }
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  if (request.method !== 'POST') return refuse(response, 405, 'POST is expected');
  work();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error: { message } }));
}
