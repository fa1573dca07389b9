// Called by undici.ts: tells which requests are fetch's own, made to follow a redirect. undici's channels do not say it.
import type { Context } from '@opentelemetry/api';

/** A redirect that nobody has followed yet. */
interface Redirect {
  readonly from: Context;
  readonly url: string;
  readonly count: number;
}

/** Redirects are followed at once, or never (`redirect: 'manual'`): a short memory does. */
const MAX_REMEMBERED = 100;

export class Resends {
  readonly #redirects: Redirect[] = [];

  /** A response in context `from` sent its client from `url` to `location`; its own request was resend number `count`. */
  redirected(from: Context, { url, location, count }: { url: string; location: string; count: number }): void {
    if (!URL.canParse(location, url)) return;
    if (this.#redirects.length >= MAX_REMEMBERED) this.#redirects.shift();
    this.#redirects.push({ from, url: toTarget(new URL(location, url)), count: count + 1 });
  }

  /** `http.request.resend_count` of a request to `url`: 0 for one that follows no redirect. */
  take(from: Context, url: string): number {
    if (this.#redirects.length === 0 || !URL.canParse(url)) return 0;
    const target = toTarget(new URL(url));
    const index = this.#redirects.findIndex((redirect) => redirect.from === from && redirect.url === target);
    return this.#redirects.splice(index, index < 0 ? 0 : 1)[0]?.count ?? 0;
  }
}

/** Without what a client does not send. */
const toTarget = ({ origin, pathname, search }: URL): string => `${origin}${pathname}${search}`;
