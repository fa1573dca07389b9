// Loaded by run.ts for `run --view`: a viewer beside the command.
import { readEnv } from '../config/read-env.ts';
import { readNotice } from '../viewer/protocol.ts';
import type { Ending } from './run.ts';
import { DEFAULT_PORT, printViewer, tryStart, untilStopped } from './view.ts';

/** A viewer that ends some time after its command. */
export interface Viewed {
  /** Resolves when nobody looks any more, and the viewer is stopped. */
  end(ending: Ending): Promise<void>;
}

/** Starts one, unless one is running that the command will find; where that cannot be, it says so and the command runs without. */
export async function startViewed(): Promise<Viewed | undefined> {
  if (readNotice(readEnv()) !== undefined) return undefined;
  const viewer = await tryStart({ port: DEFAULT_PORT, database: undefined, isAnnounced: true });
  if (viewer === undefined) return undefined;
  printViewer(viewer);
  return {
    async end({ code, signal, isStopped }) {
      // A short program is over before its traces are read. Whoever stopped it himself wants the viewer stopped as well.
      if (signal === null && !isStopped && process.stderr.isTTY) {
        console.error(`tracing: the command ended with ${code}; Ctrl-C ends the viewer\n  ${viewer.link}`);
        await untilStopped();
      }
      viewer[Symbol.dispose]();
    },
  };
}
