// Called by whoever listens to Node's diagnostics channels: the way in front of HTTP that changes nothing of the application.
import { guard } from '../log/guard.ts';
import { process } from '../natives.ts';

/** Channel name -> what to do with a message. The message's shape is Node's, stated by the caller. */
export type Subscriptions = Readonly<Record<string, (message: never) => void>>;

type Listener = (message: unknown) => void;

/** What of ours listens to one channel. Node has one subscriber of ours for each. */
interface Listening {
  listeners: readonly Listener[];
  readonly onMessage: Listener;
}

const channels = new Map<string, Listening>();

/**
 * Subscribes to all channels of `subscriptions`, errors contained; disposing it leaves the channels as they were.
 * @note Who subscribes while a message is handed out gets that message as well, which Node itself does not promise: the first message of a
 * program may be what starts those who are to hear it.
 */
export function subscribe(subscriptions: Subscriptions): Disposable {
  const added: (readonly [name: string, listener: Listener])[] = [];
  const stop = (): void => {
    for (const [name, listener] of added) remove(name, listener);
  };
  try {
    for (const [name, handle] of Object.entries(subscriptions)) {
      // Node types a message as unknown; the shapes are documented per channel and asserted by the tests of each instrumentation.
      const listener = guard(name, handle as Listener);
      add(name, listener);
      added.push([name, listener]);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { [Symbol.dispose]: stop };
}

function add(name: string, listener: Listener): void {
  let listening = channels.get(name);
  if (listening === undefined) {
    listening = listenTo();
    process.getBuiltinModule('node:diagnostics_channel').subscribe(name, listening.onMessage);
    channels.set(name, listening);
  }
  listening.listeners = [...listening.listeners, listener];
}

function listenTo(): Listening {
  const listening: Listening = {
    listeners: [],
    onMessage(message) {
      // The list is read again each time: it grows when a listener brings others.
      for (let index = 0; index < listening.listeners.length; index++) listening.listeners[index]?.(message);
    },
  };
  return listening;
}

function remove(name: string, listener: Listener): void {
  const listening = channels.get(name);
  if (listening === undefined) return;
  listening.listeners = listening.listeners.filter((other) => other !== listener);
  if (listening.listeners.length > 0) return;
  channels.delete(name);
  process.getBuiltinModule('node:diagnostics_channel').unsubscribe(name, listening.onMessage);
}
