// Called by instrumentations to listen to Node's diagnostics channels: the way in front of HTTP that changes nothing of the application.
import { guard } from '../log/guard.ts';

/** Channel name -> what to do with a message. The message's shape is Node's, stated by the caller. */
export type Subscriptions = Readonly<Record<string, (message: never) => void>>;

/** Subscribes to all channels of `subscriptions`, errors contained; disposing it leaves the channels as they were. */
export function subscribe(subscriptions: Subscriptions): Disposable {
  const channels = process.getBuiltinModule('node:diagnostics_channel');
  const active = Object.entries(subscriptions).map(([name, handle]) => {
    // Node types a message as unknown; the shapes are documented per channel and asserted by the tests of each instrumentation.
    const listener = guard(name, handle as (message: unknown) => void);
    channels.subscribe(name, listener);
    return [name, listener] as const;
  });
  return {
    [Symbol.dispose]: () => {
      for (const [name, listener] of active) channels.unsubscribe(name, listener);
    },
  };
}
