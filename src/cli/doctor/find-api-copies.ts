// Used by look.ts: the copies of @opentelemetry/api that are installed.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readJson } from '../read-project.ts';

export interface ApiCopy {
  readonly version: string;
  readonly folder: string;
}

const API = '@opentelemetry/api';

/** Looks into the node_modules folders upwards from a project, and into those of the packages there; not deeper, which would take long. */
export function findApiCopies(project: string): readonly ApiCopy[] {
  const copies = new Map<string, ApiCopy>();
  const add = (modules: string): void => {
    const folder = join(modules, API);
    const { version } = readJson(join(folder, 'package.json'));
    if (typeof version === 'string') copies.set(folder, { version, folder });
  };
  for (let folder = project; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) {
      add(modules);
      for (const name of listPackages(modules)) add(join(modules, name, 'node_modules'));
    }
    if (dirname(folder) === folder) return [...copies.values()];
  }
}

function listPackages(modules: string): readonly string[] {
  try {
    return readdirSync(modules).flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((below) => join(name, below)) : [name],
    );
  } catch {
    return [];
  }
}
