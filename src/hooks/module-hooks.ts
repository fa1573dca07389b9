// Called by instrumentations/libraries: tells when a package is first used, and hands over the exports of its files before anybody else sees them.
import { createRequire, registerHooks } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportInternalError } from '../log/guard.ts';
import { type EsModules, meetEsModules } from './es-modules.ts';
import { process, takeClient } from '../natives.ts';

/** A package as it lies on the disk. */
export interface UsedPackage {
  /** As the table names it; under an npm alias its folder is called otherwise. */
  readonly name: string;
  readonly folder: string;
  /** The file from whose resolution this comes; undefined where it is not a file. */
  readonly parent: string | undefined;
}

/** A file of a watched package that has just been evaluated. */
export interface LoadedFile {
  /** The package's name alone for its main file, else with the path in it: `pg`, `pg/lib/client.js`. */
  readonly name: string;
  readonly packageName: string;
  readonly folder: string;
}

export interface ModuleWatch {
  readonly names: ReadonlySet<string>;
  /** Called once for every copy of a package, when it is about to be loaded. False: nothing of it is wanted. */
  readonly onFirstUse: (used: UsedPackage) => boolean;
  /** What the exports of its files go through; gives them back, or others in their place. */
  readonly patch: (exports: unknown, file: LoadedFile) => unknown;
  /** Told of every copy that CommonJS has loaded already; it is left alone. */
  readonly onTooLate: (name: string, folder: string) => void;
}

type LoadFile = (module: NodeJS.Module, filename: string) => void;

const NODE_MODULES = `${sep}node_modules${sep}`;

/**
 * Watches the names of packages pass through Node's resolution, by `require` and `import` alike. Until one of them is met, this costs a look
 * into a set for every bare specifier, and nothing else is touched.
 * @note CommonJS files are met where Node evaluates them (`require.extensions['.js']`), which an `import` of CommonJS passes as well: what is
 * put in place of the exports there, everybody gets, and no proxy stands between a program and its modules.
 */
export function watchModules({ names, onFirstUse, patch, onTooLate }: ModuleWatch): Disposable {
  /** Folder -> name, for packages that are patched; false where nothing of it is wanted. */
  const folders = new Map<string, string | false>();
  /** Folders outside any node_modules: workspaces. */
  const workspaces = new Set<string>();
  /** Files that somebody asked for by the name of the package alone. */
  const mains = new Set<string>();
  const mainOf = new Map<string, string>();
  /** Folders whose main file was patched. */
  const patchedMains = new Set<string>();
  const installed: Disposable[] = [];
  let esModules: EsModules | undefined;
  let resolving = false;

  /** The URL to load. */
  function see(name: string, specifier: string, resolved: Resolved, { parentURL, conditions }: Asked): string {
    if (!resolved.url.startsWith('file:')) return resolved.url;
    const filename = fileURLToPath(resolved.url);
    const folder = findFolder(filename);
    if (folder === undefined) return resolved.url;
    const isModule = resolved.format === 'module' && conditions.includes('import');
    let wanted = folders.get(folder);
    if (wanted === undefined) {
      const parent = parentURL?.startsWith('file:') === true ? fileURLToPath(parentURL) : undefined;
      wanted = onFirstUse({ name, folder, parent }) ? name : false;
      folders.set(folder, wanted);
      if (!folder.includes(NODE_MODULES)) workspaces.add(folder);
      if (wanted !== false && installed.length === 0) installed.push(meetCommonJs(onCommonJs));
    }
    if (wanted === false) return resolved.url;
    if (specifier === name) mains.add(filename);
    if (!isModule) return resolved.url;
    if (esModules === undefined) installed.push((esModules = meetEsModules(onEsModule)));
    return esModules.watch(resolved.url);
  }

  function toLoadedFile(filename: string): LoadedFile | undefined {
    const folder = folderInNodeModules(filename) ?? [...workspaces].find((known) => filename.startsWith(known + sep));
    const packageName = folder === undefined ? undefined : folders.get(folder);
    if (folder === undefined || packageName === undefined || packageName === false) return undefined;
    const isMain = mains.has(filename) || findMain(packageName, folder) === filename;
    const inside = filename.slice(folder.length + 1).replaceAll(sep, '/');
    return { name: isMain ? packageName : `${packageName}/${inside}`, packageName, folder };
  }

  /** @note An ES module wrapper (`koa.mjs`) often stands before a CommonJS main file that nobody asks for by name. */
  function findMain(name: string, folder: string): string | undefined {
    const known = mainOf.get(folder);
    if (known !== undefined) return known;
    let main = '';
    resolving = true;
    try {
      main = resolveMain(name, folder);
    } finally {
      resolving = false;
    }
    mainOf.set(folder, main);
    return main;
  }

  function onCommonJs(module: NodeJS.Module, filename: string): void {
    const file = toLoadedFile(filename);
    if (file === undefined) return;
    if (file.name === file.packageName) patchedMains.add(file.folder);
    const exports: unknown = module.exports;
    const patched = patch(exports, file);
    if (patched !== undefined && patched !== exports) module.exports = patched;
  }

  function onEsModule(url: string, namespace: unknown): void {
    const file = toLoadedFile(fileURLToPath(url));
    // A wrapper around a CommonJS main file, which is patched already.
    if (file === undefined || patchedMains.has(file.folder)) return;
    patch(namespace, file);
  }

  for (const filename of Object.keys(createRequire(process.execPath).cache)) {
    const folder = folderInNodeModules(filename);
    const name = folder?.slice(folder.lastIndexOf(NODE_MODULES) + NODE_MODULES.length).replaceAll(sep, '/');
    if (folder === undefined || name === undefined || folders.has(folder) || !names.has(name)) continue;
    folders.set(folder, false);
    onTooLate(name, folder);
  }
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      try {
        if (resolved.url === 'node:http' || resolved.url === 'node:https') takeClient(resolved.url);
        const name = resolving ? undefined : toWatchedName(specifier, resolved, names);
        if (name === undefined) return resolved;
        const url = see(name, specifier, resolved, context);
        return url === resolved.url ? resolved : { ...resolved, url };
      } catch (error) {
        reportInternalError('the module hook', error);
      }
      return resolved;
    },
  });
  return {
    [Symbol.dispose]() {
      hooks.deregister();
      for (const part of installed) part[Symbol.dispose]();
    },
  };
}

/** Who asks, and how: by `import` or `require`. */
interface Asked {
  readonly parentURL: string | undefined;
  readonly conditions: readonly string[];
}

interface Resolved {
  readonly url: string;
  readonly format?: string | null | undefined;
}

/** The watched package that a specifier asks for. Most specifiers are relative or `node:`, and are done with their first character. */
function toWatchedName(specifier: string, resolved: Resolved, names: ReadonlySet<string>): string | undefined {
  const first = specifier.charCodeAt(0);
  if (first === DOT || first === SLASH) return undefined;
  if (names.has(specifier)) return specifier;
  // `#db` of a package's own imports may stand for any package.
  if (first === HASH) return toWatched(nameInUrl(resolved.url), names);
  // Next.js with Turbopack asks for `pg-1a2b3c4d5e6f7089`, a link to pg in its own folder.
  if (ALIAS.test(specifier)) return toWatched(nameInUrl(resolved.url), names);
  const slash = specifier.indexOf('/', first === AT ? specifier.indexOf('/') + 1 : 0);
  return slash < 1 ? undefined : toWatched(specifier.slice(0, slash), names);
}
const ALIAS = /-[0-9a-f]{16}(?:\/|$)/;
const [DOT, SLASH, HASH, AT] = [46, 47, 35, 64];

function toWatched(name: string | undefined, names: ReadonlySet<string>): string | undefined {
  return name !== undefined && names.has(name) ? name : undefined;
}

function nameInUrl(url: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
}

/** The folder of the package that a file belongs to, by its path alone. */
function folderInNodeModules(filename: string): string | undefined {
  const start = filename.lastIndexOf(NODE_MODULES);
  if (start < 0) return undefined;
  const name = start + NODE_MODULES.length;
  let end = filename.indexOf(sep, name);
  if (filename[name] === '@') end = filename.indexOf(sep, end + 1);
  return end < 0 ? undefined : filename.slice(0, end);
}

/** The folder of a package; of a workspace, which is linked from elsewhere, the next one upwards with a package.json. */
function findFolder(filename: string): string | undefined {
  const folder = folderInNodeModules(filename);
  if (folder !== undefined) return folder;
  const { existsSync } = process.getBuiltinModule('node:fs');
  for (let at = dirname(filename); at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
  }
  return undefined;
}

function resolveMain(name: string, folder: string): string {
  const require = createRequire(join(folder, 'package.json'));
  for (const request of [name, folder]) {
    try {
      return require.resolve(request);
    } catch {
      // A package without a main file, or one whose folder has another name than the package.
    }
  }
  return '';
}

/** Calls `onLoaded` after every CommonJS file that Node has evaluated. */
export function meetCommonJs(onLoaded: (module: NodeJS.Module, filename: string) => void): Disposable {
  // Any path does: it is only the way to `extensions`, which all of Node's `require` functions share.
  const { extensions } = createRequire(process.execPath);
  const original: LoadFile | undefined = extensions['.js'];
  if (original === undefined) return { [Symbol.dispose]: () => {} };
  let on = true;
  const load = function (this: unknown, module: NodeJS.Module, filename: string): void {
    Reflect.apply(original, this, [module, filename]);
    if (!on) return;
    try {
      onLoaded(module, filename);
    } catch (error) {
      reportInternalError('the module hook', error);
    }
  };
  extensions['.js'] = load;
  return {
    [Symbol.dispose]() {
      // Others may have put theirs on top of ours; then ours only passes on.
      on = false;
      if (extensions['.js'] === load) extensions['.js'] = original;
    },
  };
}
