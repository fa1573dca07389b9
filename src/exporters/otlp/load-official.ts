// Called where spans leave as JSON, and where a receiver answers a batch with words: rarely, and so not read at the start.
import { createRequire } from 'node:module';
import type * as official from './official-traces.ts';

/** OpenTelemetry's serializers of spans. The build makes them a file beside the agent's; run from source, it is the TypeScript file. */
export function loadOfficial(): typeof official {
  const path = import.meta.url.endsWith('.ts') ? './official-traces.ts' : './otlp-official.cjs';
  return createRequire(import.meta.url)(path) as typeof official;
}
