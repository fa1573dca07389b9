// Called by agent.ts: tells when the program first does something that can be traced.
import { guard } from '../log/guard.ts';
import { queueMicrotask } from '../natives.ts';
import { subscribe } from './channels.ts';

/** What comes before anything that our instrumentations look at: a server that listens, a connection, a request, a thread. */
const SIGNS = [
  'tracing:net.server.listen:asyncStart',
  'net.client.socket',
  'http.server.request.start',
  'http.client.request.created',
  'undici:request:create',
  'http2.server.stream.created',
  'http2.client.stream.created',
  'worker_threads',
];

/** Calls `onFirstUse` once, before any other subscriber of ours hears of it. */
export function watchFirstUse(onFirstUse: () => void): Disposable {
  let isUsed = false;
  const watch = subscribe(
    Object.fromEntries(
      SIGNS.map((name) => [
        name,
        () => {
          if (isUsed) return;
          isUsed = true;
          // Not while the message is handed out: those whom it brings are further down the same list.
          queueMicrotask(stop);
          onFirstUse();
        },
      ]),
    ),
  );
  const stop = guard('the first use', () => watch[Symbol.dispose]());
  return watch;
}
