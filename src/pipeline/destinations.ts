// Called by tracing.ts, and by `tracing doctor`, which tries them: which destinations the configuration asks for.
import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Destination } from '../exporters/destination.ts';
import { createFileExporter } from '../exporters/file/file-exporter.ts';
import { createOtlpExporter } from '../exporters/otlp/otlp-exporter.ts';
import { type FoundViewer, findViewer } from '../exporters/viewer/find-viewer.ts';
import { type LogfireProject, toLogfireTarget } from './logfire.ts';
import { isOtlpOn } from './otlp-on.ts';
import { toOtlpTarget } from './otlp-target.ts';

export interface DestinationsInput {
  readonly config: Config;
  /** Says where a viewer of this user would be found. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logfire: readonly LogfireProject[];
  /** What relative paths begin at. */
  readonly cwd: string;
  /** Hides secrets in addresses and in what receivers say. */
  readonly redact: (text: string) => string;
}

export interface Destinations {
  readonly destinations: readonly Destination[];
  /** The viewer that the one destination is. */
  readonly viewer: FoundViewer | undefined;
}

/** Of a worker thread, whose main thread sends. */
export const NOWHERE: Destinations = { destinations: [], viewer: undefined };

/** One for every destination that is configured, or for a viewer where none is; none at all is a good answer too. */
export function createDestinations(input: DestinationsInput): Destinations {
  const destinations = createConfigured(input);
  const viewer = destinations.length === 0 ? findViewer(input) : undefined;
  return { destinations: viewer === undefined ? destinations : [viewer.spans], viewer };
}

function createConfigured({ config, logfire, cwd, redact }: DestinationsInput): readonly Destination[] {
  const targets = [
    ...(isOtlpOn(config) ? [toOtlpTarget(config, 'traces')] : []),
    ...logfire.map((project) => toLogfireTarget(project, config, 'traces')),
  ];
  const file = config['export.file'];
  return [
    ...targets.map((target) => createOtlpExporter({ ...target, redact })),
    ...(file === undefined ? [] : [createFileExporter({ path: resolve(cwd, file), address: redact(file) })]),
  ];
}
