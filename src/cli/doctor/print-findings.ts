// Called by doctor: what was seen, as a table; then the findings, the worst first, each with the line that mends it.
import { basename, relative } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import { readWorkingDirectory } from '../../standing.ts';
import type { Cell, Page } from '../page.ts';
import type { Finding, Level } from './cause.ts';
import { type Facts, hasConsole } from './facts.ts';

const MARKS: Readonly<Record<Level, Cell>> = { fail: ['red', '✗ '], warn: ['yellow', '! '], note: ['dim', '· '] };

/** Prints the report for a person. */
export function printFindings(page: Page, facts: Facts, findings: readonly Finding[]): void {
  const { main, look, nodeVersion } = facts;
  const who = look.project.name ?? basename(look.project.folder);
  const agent = `${packageJson.name} ${main?.agent.version ?? packageJson.version}`;
  page.table([[['bold', 'tracing doctor'], `${who}  node ${nodeVersion}  ${agent}`]]);
  page.line();
  page.table(toRows(facts), { indent: 2 });
  page.line();
  for (const { level, id, says, mend } of findings) {
    page.text(`${id}  ${says}`, { indent: 2, mark: MARKS[level] });
    page.text(mend, { indent: 4, mark: ['green', '  → '] });
  }
  if (findings.length > 0) page.line();
  page.line(...toSummary(findings));
}

function toRows(facts: Facts): ReadonlyArray<readonly Cell[]> {
  const { look } = facts;
  const rows: Array<readonly Cell[]> = [];
  const add = (name: string, cells: readonly Cell[]): void => {
    for (const [index, cell] of cells.entries()) rows.push([['dim', index === 0 ? name : ''], cell]);
  };
  add('ran', toRan(facts));
  add('agent', toAgent(facts));
  add('program', [toProgram(facts)]);
  add('config', [look.config.file === undefined ? 'no file: defaults and variables' : toShort(look.config.file)]);
  add('libraries', toLibraries(facts));
  add('sends to', toDestinations(facts));
  add('spans', toSpans(facts));
  return rows;
}

function toRan({ command }: Facts): readonly Cell[] {
  if (command === undefined) return ['no command: npx tracing doctor -- npm start looks inside'];
  const { outcome, millis, text } = command;
  const seconds = `${(millis / 1000).toFixed(1)} s`;
  const how =
    outcome.ended === 'by doctor'
      ? `still running after ${seconds}`
      : outcome.ended === 'not started'
        ? 'not started'
        : `ended after ${seconds} (${outcome.signal ?? `exit code ${outcome.code}`})`;
  return [`${text}  · ${how}`];
}

function toAgent({ main }: Facts): readonly Cell[] {
  if (main === undefined) return [];
  const { state, loadedBy, loadedAtMillis, reason } = main.agent;
  if (state === 'running')
    return [
      `loaded by a ${loadedBy === 'program' ? 'file of the program' : 'flag'}, ${loadedAtMillis} ms after the start`,
    ];
  return [['yellow', reason === undefined ? state : `${state}: ${reason}`]];
}

function toProgram({ main, look: { project, entry } }: Facts): Cell {
  const file = main?.entry ?? entry;
  const kind = file !== undefined && /\.[cm]?ts$/.test(file) ? `${project.moduleKind}, TypeScript` : project.moduleKind;
  const parts = [file === undefined ? undefined : toShort(file), kind, project.framework, project.packageManager];
  return parts.filter((part) => part !== undefined).join(' · ');
}

function toLibraries({ main }: Facts): readonly Cell[] {
  if (main === undefined) return [];
  if (main.libraries.length === 0) return ['none that the agent knows, beside http and fetch'];
  const traced = main.libraries
    .filter(({ state }) => state === 'traced')
    .map(({ name, version }) => `${name} ${version ?? ''}`.trim());
  const others = main.libraries
    .filter(({ state }) => state !== 'traced')
    .map(({ name, version, state }): Cell => ['yellow', `${name} ${version ?? ''} ${state}`]);
  return traced.length === 0 ? others : [`traced: ${traced.join(', ')}`, ...others];
}

function toDestinations(facts: Facts): readonly Cell[] {
  const { destinations } = facts.look;
  if (destinations.length === 0) return [hasConsole(facts) ? 'this terminal' : ['red', 'nowhere']];
  return destinations.map(({ address, taken, millis, answer, code }): Cell => {
    if (taken) return ['green', `${address}  took a test span in ${millis} ms`];
    return ['red', `${address}  ${answer === undefined ? (code ?? 'failed') : `answered ${answer.statusCode}`}`];
  });
}

function toSpans({ main }: Facts): readonly Cell[] {
  if (main?.agent.state !== 'running') return [];
  const { made, sampled, ignored, unsampled } = main.spans;
  const parts = [`${made} made`, `${sampled} kept`];
  if (unsampled > 0) parts.push(`${unsampled} requests not sampled`);
  if (ignored > 0) parts.push(`${ignored} ignored`);
  if (main.deliveries.length > 0) {
    // Every destination gets every span.
    const delivered = Math.max(...main.deliveries.map((counts) => counts.delivered));
    const lost = Math.max(...main.deliveries.map((counts) => counts.lost));
    parts.push(`${delivered} delivered`, `${lost} lost`);
  }
  return [parts.join(' · ')];
}

function toSummary(findings: readonly Finding[]): readonly Cell[] {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const say = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const parts = [
    ...(count('fail') > 0 ? [say(count('fail'), 'failure')] : []),
    ...(count('warn') > 0 ? [say(count('warn'), 'warning')] : []),
  ];
  return [parts.length === 0 ? ['green', '✓ nothing is in the way of traces'] : ['bold', parts.join(', ')]];
}

function toShort(path: string): string {
  const short = relative(readWorkingDirectory(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
