// Called by tracing.ts: decides whether, how and with which colours this process shows its traces, and prints the banner.
import { createRequire } from 'node:module';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Config } from '../../config/config.ts';
import { reportInternalError } from '../../log/guard.ts';
import { writeStderr } from '../../log/write-stderr.ts';
import type { BannerFacts } from './banner.ts';
import { decideColor } from './decide-color.ts';
import type * as terminalModule from './terminal.ts';
import { process } from '../../natives.ts';

export interface ConsoleInput {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether spans go anywhere else, which is what `auto` asks. */
  readonly hasDestination: boolean;
  /** Whether that is a viewer on this machine, which a person wants to know of. */
  readonly isViewed: boolean;
  readonly cwd: string;
}

export interface Console {
  /** Undefined where the console is off. */
  readonly processor: SpanProcessor | undefined;
  showBanner(
    facts: Omit<BannerFacts, 'color' | 'destinations' | 'hint'> & { readonly destinations: readonly string[] },
    when: 'now' | 'with the first trace',
  ): void;
}

const HINT = 'Set OTEL_EXPORTER_OTLP_ENDPOINT to send them on';

/** The console of this process, on stderr. */
export function createConsole({ config, env, hasDestination, isViewed, cwd }: ConsoleInput): Console {
  const isTerminal = process.getBuiltinModule('node:tty').isatty(2);
  const color = decideColor({ env, option: config['console.colors'], isTerminal });
  const mode = decideMode(config['export.console'], {
    hasDestination,
    isTerminal,
    isProduction: env['NODE_ENV'] === 'production',
  });
  let waiting = '';
  const write = (text: string): void => {
    writeStderr(waiting + text);
    waiting = '';
  };
  const processor =
    mode === 'off'
      ? undefined
      : load().createConsoleProcessor({
          mode,
          color,
          isTerminal,
          cwd,
          write,
          columns: () => process.stderr.columns,
          verbose: config['console.verbose'],
          timestamps: config['console.timestamps'],
          reportInternalError,
        });
  return {
    processor,
    showBanner({ destinations, ...facts }, when) {
      // To a log file of a service that sends its spans elsewhere it would only be noise.
      if (mode === 'json' || (mode === 'off' && !isTerminal && !isViewed)) return;
      const shown = mode === 'off' ? destinations : ['this terminal', ...destinations];
      const banner = load().renderBanner({
        ...facts,
        destinations: shown,
        color,
        ...(destinations.length === 0 && { hint: HINT }),
      });
      if (when === 'now') writeStderr(banner);
      else waiting = banner;
    },
  };
}

/** The build makes it a file beside the agent's, so that a program whose terminal shows nothing reads nothing of it. */
function load(): typeof terminalModule {
  const path = import.meta.url.endsWith('.ts') ? './terminal.ts' : './terminal.cjs';
  return createRequire(import.meta.url)(path) as typeof terminalModule;
}

type Mode = Exclude<Config['export.console'], 'auto'>;

interface Surroundings {
  readonly hasDestination: boolean;
  readonly isTerminal: boolean;
  readonly isProduction: boolean;
}

/** auto: on when spans go nowhere else, and then in production only for a person at a terminal. */
function decideMode(
  option: Config['export.console'],
  { hasDestination, isTerminal, isProduction }: Surroundings,
): Mode {
  if (option !== 'auto') return option;
  return hasDestination || (isProduction && !isTerminal) ? 'off' : 'tree';
}
