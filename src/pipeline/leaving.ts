// Started by agent.ts: sends what is left when the process ends, and changes nothing about how it ends.
import { guard } from '../log/guard.ts';
import { stopwatch } from '../log/stopwatch.ts';
import { clearTimeout, process, queueMicrotask, setTimeout } from '../natives.ts';

/** What is to be done when the process ends. */
export interface LeavingWork {
  /** True when there is something to send. */
  readonly isPending: () => boolean;
  readonly flush: () => Promise<unknown>;
  /** The same where the process lives on. */
  readonly flushNow: () => Promise<unknown>;
  /** Ends a flush that took too long, so that it holds the process no longer. */
  readonly abandon: () => void;
  readonly flushBlocking: (limitMillis: number) => void;
}

export interface LeavingOptions {
  readonly isRepl: boolean;
  /** A process that exits is held so long at most; after a signal, and at a natural end, twice as long. */
  readonly exitMillis: number;
  /** Undefined while there is nothing that could be sent. */
  readonly work: () => LeavingWork | undefined;
  /** Tells of a call of process.abort(). */
  readonly watchAbort: (beforeAbort: () => void) => Disposable;
}

/** Shared by the signals: which of them is ending the process, as soon as all is sent. */
interface Leaving {
  departure: { readonly sinceMillis: number; /** Dies of the signal, now. */ readonly die: () => void } | undefined;
}

/** Who gets a signal from a terminal and from a parent that passes it on gets it twice; later than this, somebody is impatient. */
const SAME_SIGNAL_MILLIS = 250;

/** The first process of a container: the system does not end it by a signal that it has no handler for, and so neither do we. */
const INIT = 1;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const ROOMY: ReadonlySet<string | symbol> = new Set(['exit', 'beforeExit', 'uncaughtExceptionMonitor', ...SIGNALS]);
type LeavingSignal = (typeof SIGNALS)[number];

/**
 * Flushes on `beforeExit` (natural end), on `exit` (process.exit, uncaught exceptions and rejections) and on SIGTERM and SIGINT.
 * Exit codes, signals and the number of listeners that the application sees on a signal it handles itself stay as without us.
 */
export function flushOnLeaving(options: LeavingOptions): Disposable {
  // A REPL interrupts what it evaluates on SIGINT. Node loses that when there is a listener: it removes all of them for the evaluation, and
  // with the last one the system's own way with the signal comes back, which is death.
  const watched = SIGNALS.filter((signal) => signal !== 'SIGINT' || !options.isRepl);
  const leaving: Leaving = { departure: undefined };
  const signals = watched.map((signal) => watchSignal(signal, options, leaving));
  let held = false;
  let isLate = false;
  const onBeforeExit = guard('beforeExit', () => {
    // Work started here makes Node emit beforeExit again: with listeners of the application's own that would be noticed, and `exit` flushes as well.
    const work = options.work();
    if (held || work?.isPending() !== true || process.listenerCount('beforeExit') > 1) return;
    held = true;
    void holdFor(work.flush(), 2 * options.exitMillis).then((isDone) => {
      isLate = !isDone;
      if (isLate) work.abandon();
    });
  });
  const onExit = guard('exit', () => {
    if (!isExiting()) return;
    options.work()?.flushBlocking(isLate ? 0 : options.exitMillis);
    // The program ends itself while a signal is ending it, which without us it would not have lived to do.
    leaving.departure?.die();
  });
  const abort = options.watchAbort(() => options.work()?.flushBlocking(options.exitMillis));
  process.on('beforeExit', onBeforeExit);
  process.on('exit', onExit);
  process.on('newListener', makeRoom);
  return {
    [Symbol.dispose]: () => {
      abort[Symbol.dispose]();
      process.removeListener('newListener', makeRoom);
      process.removeListener('beforeExit', onBeforeExit);
      process.removeListener('exit', onExit);
      for (const signal of signals) signal[Symbol.dispose]();
    },
  };
}

/** Whether `exit` comes from Node: a program may emit it on its own, and live on. `_exiting` is not public, but as old as Node. */
function isExiting(): boolean {
  return Reflect.get(process, '_exiting') !== false;
}

/** Our listener must not be the one too many after which Node warns of a leak. */
function makeRoom(name: string | symbol): void {
  const max = process.getMaxListeners();
  if (max === 0 || !ROOMY.has(name) || process.listenerCount(name) !== max) return;
  process.setMaxListeners(max + 1);
  queueMicrotask(() => {
    if (process.getMaxListeners() === max + 1) process.setMaxListeners(max);
  });
}

/**
 * Listens to a signal only while the application does not: who counts listeners (signal-exit ends the process when it is the only one)
 * must not find ours beside his own.
 */
function watchSignal(signal: LeavingSignal, { exitMillis, work }: LeavingOptions, leaving: Leaving): Disposable {
  let isFlushing = false;
  let isWanted = false;
  // A signal that comes during a flush is for what was recorded since that began.
  const flushAndStay = async (): Promise<void> => {
    isWanted = true;
    if (isFlushing) return;
    isFlushing = true;
    while (isWanted) {
      isWanted = false;
      await holdFor(Promise.resolve(work()?.flushNow()), 2 * exitMillis);
    }
    isFlushing = false;
  };
  const others = (): number => process.listenerCount(signal) - (process.listeners(signal).includes(onSignal) ? 1 : 0);
  const onSignal = (): void => {
    if (others() > 0) return;
    if (process.pid === INIT) return void flushAndStay();
    const sinceMillis = stopwatch();
    const { departure } = leaving;
    if (departure !== undefined) {
      if (sinceMillis - departure.sinceMillis > SAME_SIGNAL_MILLIS) departure.die();
      return;
    }
    leaving.departure = { sinceMillis, die };
    void holdFor(Promise.resolve(work()?.flush()), 2 * exitMillis).then(() => {
      // The application has come to handle it itself, and decides.
      if (others() > 0) leaving.departure = undefined;
      if (leaving.departure === undefined) return;
      // The spans that are open until now end here, and get what is left of the time.
      const restMillis = 2 * exitMillis - (stopwatch() - sinceMillis);
      work()?.flushBlocking(Math.max(0, Math.min(exitMillis, restMillis)));
      die();
    });
  };
  const die = (): void => {
    stop();
    process.kill(process.pid, signal);
  };
  const add = (): void => {
    if (!process.listeners(signal).includes(onSignal)) process.on(signal, onSignal);
  };
  const onNewListener = (name: string | symbol, listener: unknown): void => {
    if (name !== signal || listener === onSignal) return;
    // Only once his listener is there: Node stops watching a signal whose last listener goes.
    queueMicrotask(() => {
      if (others() > 0) process.removeListener(signal, onSignal);
    });
  };
  const onRemoveListener = (name: string | symbol, listener: unknown): void => {
    if (name === signal && listener !== onSignal && others() === 0) add();
  };
  function stop(): void {
    process.removeListener('newListener', onNewListener);
    process.removeListener('removeListener', onRemoveListener);
    process.removeListener(signal, onSignal);
  }
  if (process.listenerCount(signal) === 0) add();
  process.on('newListener', onNewListener);
  process.on('removeListener', onRemoveListener);
  return { [Symbol.dispose]: stop };
}

/** Waits for `work`, keeping the process alive for it, but never longer than `limitMillis`; false when that was too short. */
export function holdFor(work: Promise<unknown>, limitMillis: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMillis);
    void work
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer);
        resolve(true);
      });
  });
}
