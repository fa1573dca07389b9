// Made by doctor from what was seen; every cause looks at nothing else.
import { isSupportedNode } from '../../node-version.ts';
import { isPackageManager } from '../../standing.ts';
import type { Look } from './look.ts';
import type { ProcessReport } from './report.ts';
import type { Run } from './run-inside.ts';

/** All that doctor knows. Plain data: a cause is a function of it. */
export interface Facts {
  readonly command: CommandFacts | undefined;
  /** The process whose traces a person waits for; undefined where none was seen. */
  readonly main: ProcessReport | undefined;
  readonly processes: readonly ProcessReport[];
  readonly look: Look;
  /** Of the Node.js that runs the program, or doctor. */
  readonly nodeVersion: string;
}

export interface CommandFacts {
  /** Redacted. */
  readonly text: string;
  readonly outcome: Run['outcome'];
  readonly millis: number;
  /** Redacted. */
  readonly said: Run['said'];
  /** Node.js does not find the agent. */
  readonly isNotInstalled: boolean;
  /** It did not load the agent, so that it was run once more with the agent in front. */
  readonly wasRunAgain: boolean;
}

/** True where the program was seen without the agent, although it could have it. */
export function isWithoutAgent(report: ProcessReport | undefined): boolean {
  return report?.agent.state === 'absent' && isSupportedNode(report.nodeVersion);
}

/**
 * Of all processes the one that is the program: never npm and its kin, its own files before those of an installed tool, and where several are
 * left the one that did something, then the first.
 */
export function findMain(processes: readonly ProcessReport[]): ProcessReport | undefined {
  const rank = ({ entry, agent, spans }: ProcessReport): number =>
    (entry?.includes('node_modules') === true ? 0 : 4) +
    (agent.state === 'absent' ? 0 : 2) +
    (spans.made + spans.ignored + spans.unsampled > 0 ? 1 : 0);
  return processes
    .filter(({ threadId, entry }) => threadId === 0 && !isPackageManager(entry))
    .toSorted((a, b) => rank(b) - rank(a) || a.startedAt - b.startedAt)[0];
}

/** Whether traces are shown in the terminal; without a run, as the configuration says it of a program with none. */
export function hasConsole({ main, look: { config } }: Pick<Facts, 'main' | 'look'>): boolean {
  if (main?.agent.hasConsole !== undefined) return main.agent.hasConsole;
  return config.console.value !== 'off' && !(config.console.value === 'auto' && config.isProduction);
}
