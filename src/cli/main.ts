// Run by bin/tracing.js: picks the command. One file per command beside this one; `main` only knows their names.
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { open } from './open.ts';
import { run } from './run.ts';
import { tail } from './tail.ts';
import { trace } from './trace.ts';
import { view } from './view.ts';

const HELP = `  npx tracing run -- node app.js        start a program with every HTTP request traced

Commands
  run -- <command> [arguments]   starts any command with the agent in front of every Node.js process in it;
                                 ends with the command's own exit code; run --view -- … shows its traces in a browser
  view [--port 4319] [--db file] [--open]
                                 shows the traces of every program on this machine in a browser
  tail [--errors] [query]        prints a line for every trace that the viewer gets
  trace <id>                     prints one of its traces
  open <file>                    shows a file of OTLP JSON lines, or a saved page

Options
  -h, --help      this text
  -v, --version   the version of ${packageJson.name}

Without the command: node --import ${packageJson.name} app.js
`;

const WRONG_USAGE = 2;

/** Runs the command line; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'run') return run(rest);
  if (command === 'view') return view(rest);
  if (command === 'tail') return tail(rest);
  if (command === 'trace') return trace(rest);
  if (command === 'open') return open(rest);
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
      allowPositionals: true,
    }));
  } catch (error) {
    console.error(`tracing: ${error instanceof Error ? error.message : String(error)}`);
    return WRONG_USAGE;
  }
  if (values.version) {
    console.log(packageJson.version);
    return 0;
  }
  if (values.help || command === undefined) {
    console.log(HELP);
    return values.help ? 0 : WRONG_USAGE;
  }
  console.error(`tracing: ${command} is not a command (try: npx tracing --help)`);
  return WRONG_USAGE;
}
