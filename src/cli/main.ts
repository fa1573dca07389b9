// Run by bin/tracing.js: picks the command. One file per command beside this one; `main` only knows their names.
import packageJson from '../../package.json' with { type: 'json' };
import { type Command, EXIT, UsageError, parse, toHint } from './command.ts';
import { config } from './config.ts';
import { doctor } from './doctor/doctor.ts';
import { look } from './doctor/look.ts';
import { LOOK_COMMAND } from './doctor/start-look.ts';
import { init } from './init.ts';
import { run } from './run.ts';
import { url } from './url.ts';

const commands: readonly Command[] = [run, doctor, config, url, init];

const HELP = `  npx tracing run -- node app.js        start a program with every HTTP request traced

Commands
${commands.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`).join('\n')}

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
  const [name, ...rest] = args;
  if (name === LOOK_COMMAND) {
    console.log(JSON.stringify(await look(rest[0])));
    return EXIT.done;
  }
  const command = commands.find((known) => known.name === name);
  if (command !== undefined) return asksForHelp(command, rest) ? show(command.help) : command.run(rest);
  if (name !== undefined && !name.startsWith('-')) {
    const hint = toHint(
      name,
      commands.map((known) => known.name),
    );
    throw new UsageError(`${name} is not a command${hint || ' (try: npx tracing --help)'}`);
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
function asksForHelp({ name }: Command, args: readonly string[]): boolean {
  const own = name === 'run' ? args.slice(0, 1) : args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.includes('--help') || own.includes('-h');
}

function show(text: string): number {
  console.log(text);
  return EXIT.done;
}
