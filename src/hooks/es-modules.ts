// Called by module-hooks.ts: the namespace of an ES module, once it is evaluated and before anybody who imports it runs.
import { registerHooks } from 'node:module';
import { reportInternalError } from '../log/guard.ts';

/** Under this name the end of a module calls back. */
const EVALUATED = Symbol.for('@tracing/agent.evaluated');

export interface EsModules extends Disposable {
  /** From now on the module of this URL reports that it is evaluated. */
  add(url: string): void;
}

/**
 * Whether a load hook does no harm in this Node.
 * @note Before 22.22.3 and 24.11.1, a load hook, whatever it does, breaks every `import` of a CommonJS module: nodejs/node#59929.
 */
export function canMeetEsModules(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const isFrom = (leastMinor: number, leastPatch: number): boolean =>
    minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
  return (
    major > 25 || (major === 25 && isFrom(1, 0)) || (major === 24 && isFrom(11, 1)) || (major === 22 && isFrom(22, 3))
  );
}

/**
 * Adds a line to the end of a module's source, where all its bindings have their values: it imports the module itself and hands over the
 * namespace. Line numbers stay, no export is wrapped, and nothing has to be parsed; what the namespace holds can be changed, not exchanged.
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
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!urls.has(url) || loaded.format !== 'module' || loaded.source === undefined) return loaded;
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: source + toReport(url) };
    },
  });
  return {
    add: (url) => void urls.add(url),
    [Symbol.dispose]() {
      hooks.deregister();
      Reflect.deleteProperty(globalThis, EVALUATED);
    },
  };
}

function toReport(url: string): string {
  const text = JSON.stringify(url);
  const key = JSON.stringify(Symbol.keyFor(EVALUATED));
  return `\n;import * as $tracing$self from ${text};globalThis[Symbol.for(${key})]?.(${text},$tracing$self);`;
}
