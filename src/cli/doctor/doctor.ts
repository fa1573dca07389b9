// `tracing doctor`: why are there no spans? Looks around, runs the person's own command for a moment, and names every cause it finds.
import { readWorkingDirectory } from '../../standing.ts';
import { type Command, EXIT, UsageError, parse } from '../command.ts';
import { createPage, printJson } from '../page.ts';
import { ENTRY_OPTION, readSituation } from '../read-situation.ts';
import { findCauses } from './cause.ts';
import { causes } from './causes.ts';
import { type Facts, findMain, isWithoutAgent } from './facts.ts';
import { look } from './look.ts';
import { printFindings } from './print-findings.ts';
import { type Run, runInside } from './run-inside.ts';
import { toJson } from './to-json.ts';

const DEFAULT_SECONDS = 5;
const NOT_INSTALLED = /Cannot find (?:package|module) '@tracing\/agent/;

export const doctor: Command = {
  help: `  npx tracing doctor -- npm start       runs the command for ${DEFAULT_SECONDS} seconds and looks inside
  npx tracing doctor                    looks at the project, the configuration and the destinations only

The command is your own, as you type it; it runs with its own output hidden, then it is told to end. Each destination
gets one test span, named "tracing doctor". Every finding has a line that mends it.

Options
  --seconds <n>    how long the command may run; send it requests meanwhile
  --entry <file>   without a command: the program whose configuration is meant
  --json           for programs: {ok, node, agent, command, process, project, config, libraries, destinations, spans,
                   findings: [{id, level, says, mend}]}; docs/cli.md has all of it

Exit code 1 where a finding is a failure, marked ✗.
`,
  async run(args) {
    const { own, command, rest } = splitCommand(args);
    const { values } = parse(own, {
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      json: { type: 'boolean' },
      ...ENTRY_OPTION,
    });
    if (command === undefined && args.includes('--')) {
      throw new UsageError('doctor needs a command behind --: npx tracing doctor -- npm start');
    }
    const seconds = Number(values.seconds);
    if (!(seconds > 0 && seconds <= 3600)) throw new UsageError('--seconds is a number from 1 to 3600');
    const facts =
      command === undefined ? await lookAround(values.entry) : await lookInside({ command, args: rest, seconds });
    const findings = findCauses(causes, facts);
    if (values.json === true) printJson(toJson(facts, findings));
    else printFindings(createPage(), facts, findings);
    return findings.some(({ level }) => level === 'fail') ? EXIT.failed : EXIT.done;
  },
};

/** The command begins behind `--`, or with the first word that is no option: yarn 1 takes the `--` for itself. */
function splitCommand(args: readonly string[]): {
  readonly own: readonly string[];
  readonly command: string | undefined;
  readonly rest: readonly string[];
} {
  let at = 0;
  while (args[at]?.startsWith('-') === true && args[at] !== '--') at += TAKES_VALUE.has(args[at] ?? '') ? 2 : 1;
  const [command, ...rest] = args.slice(args[at] === '--' ? at + 1 : at);
  return { own: args.slice(0, at), command, rest };
}

const TAKES_VALUE: ReadonlySet<string> = new Set(['--seconds', '--entry']);

async function lookAround(entry: string | undefined): Promise<Facts> {
  return {
    command: undefined,
    main: undefined,
    processes: [],
    look: await look(entry),
    nodeVersion: process.versions.node,
  };
}

async function lookInside(asked: {
  readonly command: string;
  readonly args: readonly string[];
  readonly seconds: number;
}): Promise<Facts> {
  const first = await runInside({ ...asked, withAgent: false });
  // Without the agent there is nothing to see inside: once more with it.
  const isAgain =
    isWithoutAgent(findMain(first.processes)) && first.looks.size === 0 && !NOT_INSTALLED.test(first.said.error ?? '');
  const run = isAgain ? await runInside({ ...asked, withAgent: true }) : first;
  const main = findMain(run.processes);
  const found = main === undefined ? undefined : run.looks.get(main.pid);
  return {
    command: { ...toCommandFacts(asked, run), wasRunAgain: isAgain },
    main,
    processes: run.processes,
    look: found ?? (await look(main?.entry)),
    nodeVersion: main?.nodeVersion ?? process.versions.node,
  };
}

function toCommandFacts(
  { command, args }: { readonly command: string; readonly args: readonly string[] },
  { outcome, millis, said }: Run,
): Omit<NonNullable<Facts['command']>, 'wasRunAgain'> {
  const { plain } = readSituation(undefined);
  const folder = readWorkingDirectory();
  const redact = (text: string): string => {
    const clean = plain.redact(text, 'string');
    // Paths as a person types them.
    return folder === '/' ? clean : clean.replaceAll(`${folder}/`, '');
  };
  const { error, agent } = said;
  return {
    text: redact([command, ...args].join(' ')),
    outcome,
    millis,
    said: { error: error && redact(error), agent: agent && redact(agent) },
    isNotInstalled: NOT_INSTALLED.test(error ?? ''),
  };
}
