// Called by run-suite.ts: the results of a test file without and with the agent -> what differs, and what the difference is worth.
import type { Outcome, TestResult } from './parse-results.ts';

/** A test that did not end the same without and with the agent. */
export interface Difference {
  title: string;
  without: Outcome | 'missing';
  with: Outcome | 'missing';
  reason: string;
}

/** Tests that passed without the agent and did not with it, and failures that only a run with the agent has. */
export function findBroken(without: readonly TestResult[], withAgent: readonly TestResult[]): Difference[] {
  const before = new Map(without.map((result) => [result.title, result]));
  const after = new Map(withAgent.map((result) => [result.title, result]));
  const titles = new Set([...before.keys(), ...after.keys()]);
  return [...titles].flatMap((title) => {
    const was = before.get(title)?.outcome ?? 'missing';
    const is = after.get(title)?.outcome ?? 'missing';
    const isBroken = was === 'pass' ? is !== 'pass' : was === 'missing' && is === 'fail';
    return isBroken ? [{ title, without: was, with: is, reason: after.get(title)?.reason ?? '' }] : [];
  });
}

export type Verdict = 'broken' | 'flaky';

/** How often a suspect did not pass when its file ran again. */
export interface Failures {
  without: number;
  with: number;
}

/** The agent is to blame for what fails again with it and never without it; all else fails by chance, or by load. */
export const judge = (again: Failures): Verdict => (again.with > 0 && again.without === 0 ? 'broken' : 'flaky');

/** How often `title` is not the same as in the good run: it must pass, or be absent where only the agent's run had it. */
export function countFailures(title: string, runs: readonly (readonly TestResult[])[], mustExist: boolean): number {
  return runs.filter((run) => {
    const outcome = run.find((result) => result.title === title)?.outcome;
    return mustExist ? outcome !== 'pass' : outcome === 'fail';
  }).length;
}
