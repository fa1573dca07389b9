// Loaded by load-spool.ts only where a spool is named, a bundle of its own: one spool for all destinations of the process.
import { toDestinationKey } from './destination-key.ts';
import { type SpoolDrop, type SpoolOptions, openSpool } from './spool.ts';
import { Spooler } from './spooler.ts';

export interface SpoolOfProcess {
  /**
   * The way to disk for one destination. `identity` tells where and how its batches may be sent; `onDrop` is told of those that are lost
   * there, whatever process they were from.
   */
  forDestination(identity: readonly string[], onDrop: (drop: SpoolDrop) => void): Spooler;
}

/** Opens nothing yet. */
export function startSpool(options: Omit<SpoolOptions, 'onDrop'>): SpoolOfProcess {
  const listeners = new Map<string, (drop: SpoolDrop) => void>();
  const spool = openSpool({ ...options, onDrop: (drop) => listeners.get(drop.key)?.(drop) });
  return {
    forDestination(identity, onDrop) {
      const key = toDestinationKey(identity);
      listeners.set(key, onDrop);
      return new Spooler(spool.forDestination(key));
    },
  };
}
