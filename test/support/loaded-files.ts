// Used by whoever counts what a program has loaded: require.cache does not know every file of the agent.
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An expression of a CommonJS program: the URLs or paths of all scripts that were compiled until now. */
export const SCRIPTS = `(() => {
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connect();
  const urls = [];
  // It is told of all that was there before, too.
  session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
  session.post('Debugger.enable');
  return urls;
})()`;

/** The files among them, by their paths. */
export function toFiles(scripts: readonly string[]): string[] {
  const paths = scripts.map((url) => (url.startsWith('file:') ? fileURLToPath(url) : url));
  // Node's own are `node:internal/…`.
  return paths.filter((path) => isAbsolute(path));
}
