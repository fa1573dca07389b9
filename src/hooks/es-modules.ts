// Called by module-hooks.ts: the namespace of an ES module, once it is evaluated and before anybody who imports it runs.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { reportInternalError } from '../log/guard.ts';
import { canHookLoad } from '../node-version.ts';

/** Under this name the end of a module calls back. */
const EVALUATED = Symbol.for('@tracing/agent.evaluated');

export interface EsModules extends Disposable {
  /** From now on the module of this URL reports that it is evaluated, if what is given back is imported in its place. */
  watch(url: string): string;
}

/**
 * Watches ES modules. A line is added to the end of a module's source, where all its bindings have their values: it imports the module itself
 * and hands over the namespace. Line numbers stay, no export is wrapped, and nothing has to be parsed; what the namespace holds can be
 * changed, not exchanged.
 */
export function meetEsModules(onEvaluated: (url: string, namespace: unknown) => void): EsModules {
  const urls = new Set<string>();
  Reflect.set(globalThis, EVALUATED, (url: string, namespace: unknown) => {
    try {
      onEvaluated(url, namespace);
    } catch (error) {
      reportInternalError('the module hook', error);
    }
  });
  const hooks = canHookLoad(process.versions.node) ? hookLoad(urls) : undefined;
  return {
    watch(url) {
      urls.add(url);
      return hooks === undefined ? toWrapper(url) : url;
    },
    [Symbol.dispose]() {
      hooks?.deregister();
      Reflect.deleteProperty(globalThis, EVALUATED);
    },
  };
}

function hookLoad(urls: ReadonlySet<string>): ReturnType<typeof registerHooks> {
  return registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!urls.has(url) || loaded.format !== 'module' || loaded.source === undefined) return loaded;
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: `${source}\n;${toReport(url)}` };
    },
  });
}

/**
 * For an older Node: a module that imports the one that is meant, reports it, and exports the same.
 * @note `export *` leaves the default export out, and to name one that is not there is an error: hence the look into the source.
 */
function toWrapper(url: string): string {
  const rest = hasDefaultExport(readFileSync(fileURLToPath(url), 'utf8'))
    ? 'export default $tracing$self.default;'
    : '';
  return `data:text/javascript,${encodeURIComponent(`${toReport(url)}export * from ${JSON.stringify(url)};${rest}`)}`;
}

/** Whether the source of an ES module exports something as default, as far as can be told without parsing it. */
export function hasDefaultExport(source: string): boolean {
  return /\bexport\s+default\b|\bas\s+default\b/.test(source);
}

function toReport(url: string): string {
  const text = JSON.stringify(url);
  const key = JSON.stringify(Symbol.keyFor(EVALUATED));
  return `import * as $tracing$self from ${text};globalThis[Symbol.for(${key})]?.(${text},$tracing$self);`;
}
