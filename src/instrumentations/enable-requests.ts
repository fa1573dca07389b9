// Called by tracing.ts: enables what makes spans of requests, each part on its own.
import type { Config } from '../config/config.ts';
import { enableWatched } from '../log/watchdog.ts';
import { enableHttpClient } from './http/client.ts';
import { enableHttpServer } from './http/server.ts';
import { enableHttp2Client } from './http2/client.ts';
import { enableHttp2Server } from './http2/server.ts';
import type { Instrumentation, InstrumentationTools } from './tools.ts';
import { enableUndici } from './undici/undici.ts';

/** More requests than this are hardly open that cannot be ended. */
const MAX_TRIES = 1000;

/** Enables the instrumentations of requests; one that breaks is taken out while the others go on. */
export function enableRequests(config: Config, tools: InstrumentationTools): Instrumentation[] {
  const ours: ReadonlyArray<readonly [name: string, enable: (tools: InstrumentationTools) => Instrumentation]> = [
    ...(config['instrumentations.http']
      ? ([
          ['http server', enableHttpServer],
          ['http client', enableHttpClient],
          ['http2 server', enableHttp2Server],
          ['http2 client', enableHttp2Client],
        ] as const)
      : []),
    ...(config['instrumentations.undici'] ? ([['undici', enableUndici]] as const) : []),
  ];
  return ours
    .map(([name, enable]) => enableWatched(name, () => enable(tools), turnOff))
    .filter((instrumentation) => instrumentation !== undefined);
}

/** Takes a broken instrumentation out, and ends the spans that it holds. */
function turnOff(instrumentation: Instrumentation): void {
  instrumentation[Symbol.dispose]();
  const letGo = instrumentation.letGo ?? instrumentation.endWhatIsOver;
  // Ending one may fail as well; it is gone then, and the next call comes to those behind it.
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      return letGo?.call(instrumentation);
    } catch {
      // The log has said what is wrong with it.
    }
  }
}
