// Called by init and doctor: a start command, and the same command with the agent in front of the program.

const PACKAGE = '@tracing/agent';
const FLAG = `--import ${PACKAGE}`;

/** The last program of a line that takes Node's flags; `tsx watch` wants its own word first. */
const TAKES_FLAGS = /(^|&&\s*|;\s*|\s)((?:\S*\/)?(?:node|tsx(?!\s+watch)))(?=\s)(?!.*(?:^|\s)(?:node|tsx)\s)/;

/** Whether a command line loads the agent. */
export function loadsAgent(command: string): boolean {
  return command.includes(PACKAGE) || /\btracing run\b/.test(command);
}

/** `node app.js` becomes `node --import @tracing/agent app.js`; what starts Node itself (`next start`) is started by `tracing run`. */
export function addPreload(command: string): string {
  if (TAKES_FLAGS.test(command)) return command.replace(TAKES_FLAGS, `$1$2 ${FLAG}`);
  return /[;&|]/.test(command) ? `tracing run ${JSON.stringify(command)}` : `tracing run -- ${command}`;
}
