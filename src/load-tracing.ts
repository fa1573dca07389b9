// Called by agent.ts: reads tracing.cjs, the file beside it, which may be long after the start.
import { Module, createRequire } from 'node:module';
import { process, readFileSync } from './natives.ts';
import type * as tracing from './tracing.ts';

type Compile = (this: Module, content: string, filename: string, format: 'commonjs') => void;

/** Not documented, and what every compiler that hooks into `require` calls: Node's compile cache is behind it. */
const { _compile: compile } = Module.prototype as unknown as { readonly _compile: Compile };

/** Only tests start the sources. It is asked now, since in a bundle the question itself is a call of `require`. */
const isSource = import.meta.url.endsWith('.ts');

let loaded: typeof tracing | undefined;

/**
 * Reads it once.
 * @note Not by `require`: by then the program may have put its own functions into node:fs and node:module (a test's fake disk, which counts its
 * calls; a compiler; a mock), or have emptied the cache, from which the file would get a second agent.cjs.
 */
export function loadTracing(): typeof tracing {
  if (isSource) return createRequire(import.meta.url)('./tracing.ts') as typeof tracing;
  return (loaded ??= compileFile(module.path, 'tracing.cjs') as typeof tracing);
}

function compileFile(folder: string, name: string): unknown {
  const path = `${folder}/${name}`;
  const file = new Module(path);
  file.filename = path;
  const requireOf = (id: string): unknown => (id === './agent.cjs' ? module.exports : process.getBuiltinModule(id));
  // The file asks for nothing else in this way, so it needs none of the members of `require`.
  file.require = requireOf as NodeJS.Require;
  Reflect.apply(compile, file, [readFileSync(path, 'utf8'), path, 'commonjs']);
  return file.exports;
}
