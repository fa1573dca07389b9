// Run by bin/tracing.js: picks the command. One file per command beside this one; `main` only knows their names.
import packageJson from '../../package.json' with { type: 'json' };
import { isSupportedNode } from '../node-version.ts';
import { type Command, EXIT, UsageError, parse, toHint } from './command.ts';
import { LOOK_COMMAND } from './doctor/start-look.ts';

/** A command, loaded when it is asked for: `run` stands in the way of every start. */
interface Known {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Known>> = {
  run: {
    summary: 'starts any command with the agent in front of every Node.js process in it',
    load: async () => (await import('./run.ts')).run,
  },
  doctor: {
    summary: 'why are there no spans? Looks, runs your command for a moment, says what to mend',
    load: async () => (await import('./doctor/doctor.ts')).doctor,
  },
  config: {
    summary: 'every option, its value and where it came from',
    load: async () => (await import('./config.ts')).config,
  },
  url: {
    summary: 'how a URL would be recorded: what is hidden and why, which rule ignores it',
    load: async () => (await import('./url.ts')).url,
  },
  view: {
    summary: 'the traces of every program on this machine, in a browser',
    load: async () => (await import('./view.ts')).view,
  },
  tail: {
    summary: 'a line for every trace that the viewer gets',
    load: async () => (await import('./tail.ts')).tail,
  },
  trace: {
    summary: "one of the viewer's traces, as a tree with bars",
    load: async () => (await import('./trace.ts')).trace,
  },
  open: {
    summary: 'a file of OTLP JSON lines, or a saved page, in a browser',
    load: async () => (await import('./open.ts')).open,
  },
  init: {
    summary: 'writes a commented .tracingrc for this project, never over an existing one',
    load: async () => (await import('./init.ts')).init,
  },
};
const NAMES = Object.keys(COMMANDS);

const HELP = `  npx tracing run -- node app.js        start a program with every HTTP request traced

Commands
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  .join('\n')}

Options
  -h, --help      this text, or that of a command: npx tracing run --help
  -v, --version   the version of ${packageJson.name}

Without the command: node --import ${packageJson.name} app.js
`;

/** Runs the command line; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`tracing: ${error.message}`);
    return EXIT.usage;
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === LOOK_COMMAND) {
    const { look } = await import('./doctor/look.ts');
    console.log(JSON.stringify(await look(rest[0])));
    return EXIT.done;
  }
  if (name !== 'run' && !isSupportedNode(process.versions.node)) {
    console.error(`tracing: needs Node 22.18 or 24 and later, this is ${process.versions.node}`);
    return EXIT.failed;
  }
  if (Object.hasOwn(COMMANDS, name)) {
    const command = await COMMANDS[name]?.load();
    return command === undefined || asksForHelp(name, rest) ? show(command?.help ?? HELP) : command.run(rest);
  }
  if (name !== '' && !name.startsWith('-')) {
    throw new UsageError(`${name} is not a command${toHint(name, NAMES) || ' (try: npx tracing --help)'}`);
  }
  const { values } = parse(args, {
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'v' },
  });
  if (values.version === true) return show(packageJson.version);
  show(HELP);
  return values.help === true ? EXIT.done : EXIT.usage;
}

/** What follows the name of a program belongs to the program. */
function asksForHelp(name: string, args: readonly string[]): boolean {
  const takesCommand = name === 'run' || name === 'doctor';
  const own = takesCommand ? args.slice(0, 1) : args;
  return own.includes('--help') || own.includes('-h');
}

function show(text: string): number {
  console.log(text);
  return EXIT.done;
}
