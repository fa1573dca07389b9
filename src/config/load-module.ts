// Called by load-file.ts for JS and TS: the configuration that a module exports, or why it could not be run.
import { createRequire } from 'node:module';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { firstLine } from './describe.ts';
import { toCode } from './find-places.ts';
import type { LoadedFile } from './loaded-file.ts';

/** Runs a config module. Synchronous: Node's require loads ES modules too, if nothing in them awaits at the top level. */
export function loadModule(path: string): LoadedFile {
  try {
    const exported: unknown = createRequire(path)(path);
    return { path, ok: true, value: toConfig(exported), issues: [], lineOf: () => undefined };
  } catch (error) {
    return { path, ok: false, line: findLine(path, error), reason: toReason(path, error) };
  }
}

function toConfig(exported: unknown): unknown {
  const isObject = typeof exported === 'object' && exported !== null;
  return isObject && 'default' in exported ? exported.default : exported;
}

function toReason(path: string, error: unknown): string {
  const stem = basename(path, extname(path));
  const message = error instanceof Error ? firstLine(error.message) : '';
  const code = toCode(error);
  if (code === 'ERR_REQUIRE_ASYNC_MODULE') {
    return 'has a top-level await; a config is loaded synchronously, so remove the await (no file ending allows it)';
  }
  if (/^(?:module|exports|require|__dirname|__filename) is not defined/u.test(message)) {
    return `is an ES module but uses ${message.split(' ', 1)[0]}: name it ${stem}.cjs, or use import and export default`;
  }
  if (
    /import statement|Unexpected token 'export'|Cannot use 'import\.meta'/u.test(message) &&
    isOwnSyntaxError(path, error)
  ) {
    return `is a CommonJS module but uses import or export: name it ${stem}.mjs, or use require and module.exports`;
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'uses TypeScript that Node cannot strip (enum, namespace, parameter properties): use plain types, or name it .js';
  }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_NO_TYPESCRIPT') {
    return `cannot be run by this Node: name it ${stem}.mjs or ${stem}.cjs`;
  }
  // Only what Node itself wrote is repeated: a message of the module's own may hold a secret.
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND' || error instanceof ReferenceError)
    return `throws: ${message}`;
  if (isOwnSyntaxError(path, error)) return `has a syntax error: ${message}`;
  return `throws ${error instanceof Error ? toArticle(error.constructor.name) : 'something that is not an error'}`;
}

function toArticle(name: string): string {
  return `${/^[AEIOU]/u.test(name) ? 'an' : 'a'} ${firstLine(name) || 'Error'}`;
}

// V8 begins the stack of a syntax error with the place in the file, before its name.
function isOwnSyntaxError(path: string, error: unknown): boolean {
  return error instanceof SyntaxError && toPlaces(path).some((place) => error.stack?.startsWith(place) === true);
}

function findLine(path: string, error: unknown): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const place of toPlaces(path)) {
    const at = stack.indexOf(place);
    const line = at === -1 ? Number.NaN : Number.parseInt(stack.slice(at + place.length), 10);
    if (line > 0) return line;
  }
  return undefined;
}

function toPlaces(path: string): readonly string[] {
  return [`${pathToFileURL(path).href}:`, `${path}:`];
}
