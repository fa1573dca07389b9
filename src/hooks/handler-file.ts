// Called by instrumentations/lambda: puts another function in the place of one that a file exports, before the host of the file gets it.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reportInternalError } from '../log/guard.ts';
import { hasDefaultExport } from './es-modules.ts';
import { meetCommonJs } from './module-hooks.ts';

/** Where the function is: `path` leads to it through the exports of `file`, an absolute path without symbolic links. */
export interface ExportedFunction {
  readonly file: string;
  readonly path: readonly [string, ...string[]];
}

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Replace = (original: AnyFunction) => AnyFunction;

/** Under this name the module that stands before an ES module finds the way back. */
const REPLACED = Symbol.for('@tracing/agent.replaced');

/** Gives the file's host what `replace` makes of the function; whatever else it exports stays. */
export function replaceExport({ file, path }: ExportedFunction, replace: Replace): Disposable {
  const [name, ...inside] = path;
  const url = pathToFileURL(file).href;
  const commonJs = meetCommonJs((module, filename) => {
    if (filename === file) module.exports = withReplaced(module.exports, path, replace);
  });
  Reflect.set(globalThis, REPLACED, (member: unknown) => {
    try {
      return withReplaced(member, inside, replace);
    } catch (error) {
      reportInternalError('the module hook', error);
      return member;
    }
  });
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const isImported = resolved.format === 'module' && context.conditions.includes('import');
      if (resolved.url !== url || !isImported || context.parentURL?.startsWith('data:') === true) return resolved;
      return { ...resolved, url: toWrapper(url, name) };
    },
  });
  return {
    [Symbol.dispose]() {
      hooks.deregister();
      commonJs[Symbol.dispose]();
      Reflect.deleteProperty(globalThis, REPLACED);
    },
  };
}

/** A module that exports the same as the one it stands before, but for `name`: what a module exports itself goes before its `export *`. */
function toWrapper(url: string, name: string): string {
  const [file, member, key] = [url, name, Symbol.keyFor(REPLACED)].map((text) => JSON.stringify(text));
  const hasDefault = name !== 'default' && hasDefaultExport(readFileSync(fileURLToPath(url), 'utf8'));
  const source = `import * as self from ${file};export * from ${file};${hasDefault ? 'export default self.default;' : ''}
const replaced = globalThis[Symbol.for(${key})]?.(self[${member}]) ?? self[${member}];export { replaced as ${member} };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** `holder` with the function replaced: changed in place, or a copy where a bundler has made the property one that cannot be changed. */
function withReplaced(holder: unknown, path: readonly string[], replace: Replace): unknown {
  const [name, ...inside] = path;
  // What is called is a function of the program's, whatever it takes.
  if (name === undefined) return typeof holder === 'function' ? replace(holder as AnyFunction) : holder;
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return holder;
  const before: unknown = Reflect.get(holder, name);
  const value = withReplaced(before, inside, replace);
  if (value === before) return holder;
  const property = { value, enumerable: true, configurable: true, writable: true };
  if (Reflect.defineProperty(holder, name, property)) return holder;
  const descriptors = { ...Object.getOwnPropertyDescriptors(holder), [name]: property };
  return Object.create(Reflect.getPrototypeOf(holder), descriptors);
}
