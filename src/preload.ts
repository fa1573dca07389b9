// Loaded by --import or --require before the application; must stay synchronous and, built, parse on Node 10.
import type * as agent from './agent.ts';
import { isDisabledByEnv } from './config/read-env.ts';
import { isSupportedNode } from './node-version.ts';

/** The built agent; not imported, so that nothing of it is read where it is not wanted. */
declare const require: (path: './agent.cjs') => typeof agent;

const LOADED = Symbol.for('@tracing/agent');

if (!(LOADED in process) && !isDisabledByEnv()) {
  Object.defineProperty(process, LOADED, { value: true, configurable: true });
  const { node } = process.versions;
  if (!isSupportedNode(node)) {
    process.stderr.write(`tracing: needs Node 22.18 or 24 and later, this is ${node}; the program runs untraced\n`);
  } else {
    try {
      require('./agent.cjs').startAgent();
    } catch (error) {
      // No message: what would redact it is what could not be loaded.
      const { name = 'Error', code = '' } = Object(error) as Partial<NodeJS.ErrnoException>;
      process.stderr.write(`tracing: could not load, the program runs untraced: ${name} ${code}`.trimEnd() + '\n');
    }
  }
}
