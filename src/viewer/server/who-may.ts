// Asked for every request: the viewer is on the loopback only, but any page in a browser on this machine can reach that. A name that a stranger
// points at 127.0.0.1 is refused by the Host header, a page of a stranger by its Origin, and both lack the token.
import { timingSafeEqual } from 'node:crypto';

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Whether a request means this machine by the name of this machine. */
export function isAllowedHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_HOST.test(host);
}

/** Whether a page may send spans: a program without a browser has no Origin, and pages under development are on this machine too. */
export function mayPageSend(origin: string | undefined): boolean {
  return origin === undefined || LOOPBACK_ORIGIN.test(origin);
}

/** Whether a request comes from our own page, or from no page at all. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || origin === `http://${host}`;
}

/** Whether the Authorization header has the token. */
export function hasToken(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
