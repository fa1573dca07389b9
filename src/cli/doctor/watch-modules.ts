// Used by the probe: which packages the program asks for, in which order, and who asked for the agent.
import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import type { AgentReport, LoadedPackage } from './report.ts';

export interface ModuleNotes {
  /** From now on what is asked for comes after the agent. */
  agentStarts(): void;
  loadedBy(): AgentReport['loadedBy'];
  packages(): readonly LoadedPackage[];
}

/** More than this nobody reads. */
const MOST_PACKAGES = 1000;

/** Notes every package once, by its folder. */
export function watchModules(): ModuleNotes {
  const packages = new Map<string, LoadedPackage>();
  let hasStarted = false;
  let loadedBy: AgentReport['loadedBy'];

  function note(url: string, parentUrl: string | undefined): void {
    if (!url.startsWith('file:')) return;
    const path = fileURLToPath(url);
    const [folder, name] = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path) ?? [];
    if (loadedBy === undefined && isPreload(path)) loadedBy = isFile(parentUrl) ? 'program' : 'flag';
    if (folder === undefined || name === undefined || packages.has(folder) || packages.size >= MOST_PACKAGES) return;
    packages.set(folder, {
      name: name.replaceAll('\\', '/'),
      version: readVersion(folder),
      folder,
      beforeAgent: !hasStarted,
    });
  }

  // An older Node has no such hooks, and no agent either.
  nodeModule.registerHooks?.({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      try {
        note(resolved.url, context.parentURL);
      } catch {
        // Nothing here may disturb the program.
      }
      return resolved;
    },
  });
  return {
    agentStarts: () => (hasStarted = true),
    loadedBy: () => loadedBy,
    packages: () => [...packages.values()],
  };
}

/** Node asks for what a flag names in the name of the working directory, or of nobody. */
function isFile(parentUrl: string | undefined): boolean {
  return parentUrl?.startsWith('file:') === true && !parentUrl.endsWith('/');
}

function isPreload(path: string): boolean {
  const [folder] = /^.*(?=[\\/]dist[\\/]preload\.cjs$)/.exec(path) ?? [];
  return folder !== undefined && readName(folder) === packageJson.name;
}

const readVersion = (folder: string): string | undefined => readText(folder, 'version');
const readName = (folder: string): string | undefined => readText(folder, 'name');

function readText(folder: string, key: string): string | undefined {
  try {
    const json = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Readonly<Record<string, unknown>>;
    const value = json[key];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
