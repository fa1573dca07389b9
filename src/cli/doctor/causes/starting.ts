// Causes that lie in how the program is started: without the agent, too late, or with something in its way.
import { basename } from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import { libraries } from '../../../instrumentations/libraries/table.ts';
import { canHookLoad, isSupportedNode } from '../../../node-version.ts';
import { isPackageManager } from '../../../standing.ts';
import { addPreload, loadsAgent } from '../../add-preload.ts';
import { type Cause, when } from '../cause.ts';
import { type Facts, isWithoutAgent } from '../facts.ts';
import type { ProcessReport } from '../report.ts';

const FLAG = `--import ${packageJson.name}`;
const TRACED_PACKAGES: ReadonlySet<string> = new Set(libraries.flatMap(({ modules }) => Object.keys(modules)));

export const startingCauses: readonly Cause[] = [
  {
    id: 'node-too-old',
    level: 'fail',
    title: 'The program runs on a Node.js that is too old.',
    mend: 'run it on Node.js 24, or at least 22.18',
    find: ({ nodeVersion }) => when(!isSupportedNode(nodeVersion), `the program runs on Node.js ${nodeVersion}`),
  },
  {
    id: 'command-not-found',
    level: 'fail',
    title: 'The command cannot be started.',
    mend: 'give it as you type it: npx tracing doctor -- npm start',
    find: ({ command }) =>
      command?.outcome.ended === 'not started'
        ? [`${command.text}: ${command.outcome.code === 'ENOENT' ? 'command not found' : command.outcome.code}`]
        : [],
  },
  {
    id: 'no-program',
    level: 'fail',
    title: 'The command starts no Node.js program.',
    mend: 'give the command that starts the program, and not one that only talks to it (docker, pm2, systemctl)',
    find: ({ command, main }) =>
      when(
        command !== undefined &&
          main === undefined &&
          command.outcome.ended !== 'not started' &&
          !command.isNotInstalled,
        `\`${command?.text ?? ''}\` starts no Node.js program`,
      ),
  },
  {
    id: 'agent-not-installed',
    level: 'fail',
    title: 'The agent is not installed where the program starts.',
    mend: `npm install ${packageJson.name}, in the folder that the program is started in`,
    find: ({ command }) =>
      when(
        command?.isNotInstalled === true,
        `Node.js does not find ${packageJson.name} from the folder that the program is started in`,
      ),
  },
  {
    id: 'command-failed',
    level: 'warn',
    title: 'The program ends with an error of its own.',
    mend: 'mend the program first; run it without doctor to see all that it says',
    find: ({ command }) => {
      if (command?.isNotInstalled === true || command?.outcome.ended !== 'by itself') return [];
      const { code, signal } = command.outcome;
      if (code === 0) return [];
      const line = command.said.error;
      const how = signal === null ? `exit code ${code}` : signal;
      return [`it ended with ${how} after ${command.millis} ms${line === undefined ? '' : `: ${line.trim()}`}`];
    },
  },
  {
    id: 'no-preload',
    level: 'fail',
    title: 'The command does not load the agent.',
    mend: `node ${FLAG} app.js, or NODE_OPTIONS="${FLAG}", or npx tracing run -- <command>`,
    find: ({ command, main, look: { project } }) => {
      if (command?.wasRunAgain !== true || (main?.lateFlags.length ?? 0) > 0) return [];
      const says = `\`${command.text}\` does not load the agent (what follows was seen with it)`;
      return [{ says, mend: toStart(command.text, project.scripts) }];
    },
  },
  {
    id: 'flag-after-program',
    level: 'fail',
    title: 'The flag stands behind the name of the program, where Node.js gives it to the program.',
    mend: `put it in front: node ${FLAG} app.js`,
    find: ({ command, main }) =>
      when(
        command?.wasRunAgain === true && (main?.lateFlags.length ?? 0) > 0,
        `${main?.lateFlags.join(' ') ?? ''} stands behind ${toName(main?.entry)}, so Node.js does not read it`,
      ),
  },
  {
    id: 'no-script-loads-it',
    level: 'note',
    title: 'No script of package.json loads the agent (said only where doctor is given no command).',
    mend: 'npx tracing doctor -- <your start command> looks inside; npx tracing init shows the line to add',
    find: ({ command, look: { project } }) =>
      when(
        command === undefined &&
          Object.keys(project.scripts).length > 0 &&
          !Object.values(project.scripts).some(loadsAgent),
        'no script of package.json loads the agent',
      ),
  },
  {
    id: 'imported-by-program',
    level: 'warn',
    title: 'A file of the program imports the agent; whatever is imported beside it may be loaded before it.',
    mend: `take the import out and start with node ${FLAG} app.js`,
    find: ({ main }) =>
      when(
        main?.agent.loadedBy === 'program',
        `the program imports ${packageJson.name} itself, ${main?.agent.loadedAtMillis ?? 0} ms after its start`,
      ),
  },
  {
    id: 'loaded-too-late',
    level: 'fail',
    title: 'A library was loaded before the agent, and is not traced.',
    mend: `start with node ${FLAG} app.js; before a --require of your own, put --require ${packageJson.name}`,
    find: (facts) =>
      findEarly(facts).map(({ name, version }) =>
        `${name} ${version ?? ''} was loaded before the agent`.replace('  ', ' '),
      ),
  },
  {
    id: 'old-loader',
    level: 'warn',
    title:
      'A --loader or --experimental-loader is in the command; the agent needs none, and ES modules pass through it first.',
    mend: 'take the flag out, unless the program itself needs it',
    find: ({ main }) => (main?.loaders ?? []).map((name) => `the command has --experimental-loader ${name}`),
  },
  {
    id: 'old-module-hooks',
    level: 'warn',
    title:
      'This Node.js lets the agent see ES modules of libraries only in an older way, in which what a library exports cannot be changed everywhere.',
    mend: 'update Node.js: 22.22.3, 24.11.1, 25.1 or later',
    find: ({ main, nodeVersion }) =>
      when(
        isTraced(main) && main?.libraries.some(({ state }) => state === 'traced') === true && !canHookLoad(nodeVersion),
        `Node.js ${nodeVersion} shows ES modules of libraries in an older way`,
      ),
  },
  {
    id: 'agent-failed',
    level: 'fail',
    title: 'The agent could not start.',
    mend: 'this is a mistake of the agent: please report it with this line',
    find: ({ main, command }) =>
      when(
        main?.agent.reason === 'failed',
        `the agent could not start: ${main?.agent.error ?? command?.said.agent ?? 'unknown error'}`,
      ),
  },
  {
    id: 'disabled-by-variable',
    level: 'fail',
    title: 'OTEL_SDK_DISABLED turns the agent off.',
    mend: 'unset OTEL_SDK_DISABLED',
    find: ({ main, look }) =>
      when(
        main?.agent.state === 'disabled by variable' || isOff(look.config.enabled, true),
        'OTEL_SDK_DISABLED is set, so nothing is traced',
      ),
  },
  {
    id: 'disabled-by-file',
    level: 'fail',
    title: 'The configuration turns the agent off.',
    mend: 'set enabled: true, or take the line out',
    find: ({ look }) =>
      when(isOff(look.config.enabled, false), `enabled is false (${look.config.enabled.source}), so nothing is traced`),
  },
  {
    id: 'worker-without-agent',
    level: 'warn',
    title: 'A worker thread runs without the agent.',
    mend: `put the agent into NODE_OPTIONS="${FLAG}": every thread reads it, also one with an execArgv of its own`,
    find: ({ processes, main }) => {
      const count = processes.filter((report) => report.threadId > 0 && isWithoutAgent(report)).length;
      return when(
        count > 0 && isTraced(main),
        `${count} worker thread${count === 1 ? ' runs' : 's run'} without the agent`,
      );
    },
  },
  {
    id: 'process-without-agent',
    level: 'warn',
    title: 'A Node.js process that the program starts runs without the agent.',
    mend: `put the agent into NODE_OPTIONS="${FLAG}", which child processes inherit`,
    find: ({ processes, main }) =>
      isTraced(main)
        ? processes
            .filter((report) => report.threadId === 0 && report.pid !== main?.pid && isWithoutAgent(report))
            .filter(({ startedAt, entry }) => startedAt > (main?.startedAt ?? 0) && !isPackageManager(entry))
            .map(({ entry }) => `${toName(entry)}, which the program starts, runs without the agent`)
        : [],
  },
  {
    id: 'exit-at-once',
    level: 'warn',
    title: 'process.exit() ends the program while requests are under way.',
    mend: 'await what is under way before process.exit(), or set process.exitCode and let the program end',
    find: ({ main }) =>
      main?.exit === undefined || main.exit.openSpans === 0
        ? []
        : [
            `process.exit() was called ${main.exit.atMillis} ms after the start, with ${main.exit.openSpans} request${main.exit.openSpans === 1 ? '' : 's'} under way`,
          ],
  },
];

/** The command with the agent in it; for `npm start` the script that it runs. */
function toStart(command: string, scripts: Readonly<Record<string, string>>): string {
  const [, name = ''] = /^(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?([\w:.-]+)$/.exec(command) ?? [];
  const script = scripts[name];
  if (script !== undefined) return `in package.json: "${name}": ${JSON.stringify(addPreload(script))}`;
  return `start it with ${addPreload(command).replace(/^tracing /, 'npx tracing ')}`;
}

function isOff({ value, source }: Facts['look']['config']['enabled'], byVariable: boolean): boolean {
  return !value && (source === 'OTEL_SDK_DISABLED') === byVariable;
}

function isTraced(report: ProcessReport | undefined): boolean {
  return report?.agent.state === 'running';
}

/** Libraries that could be traced, but were asked for before the agent. */
function findEarly({ main }: Facts): ReadonlyArray<{ readonly name: string; readonly version: string | undefined }> {
  if (main === undefined || !isTraced(main)) return [];
  const traced = new Set(main.libraries.filter(({ state }) => state === 'traced').map(({ folder }) => folder));
  const early = main.packages.filter(
    ({ name, folder, beforeAgent }) => beforeAgent && TRACED_PACKAGES.has(name) && !traced.has(folder),
  );
  const late = main.libraries.filter(({ state }) => state === 'too-late');
  return [...new Map([...early, ...late].map((found) => [found.folder, found])).values()];
}

const toName = (entry: string | undefined): string => (entry === undefined ? 'the program' : basename(entry));
