// Called by init and doctor: what the folder of a project tells without running anything.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isPlainObject } from '../config/describe.ts';
import { findProject } from '../config/find-project.ts';
import type { Env } from '../config/option.ts';

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** A project on the disk. */
export interface ProjectFacts {
  /** Of the nearest package.json, else the working directory. */
  readonly folder: string;
  readonly name: string | undefined;
  readonly hasPackageJson: boolean;
  /** package.json#tracing. */
  readonly hasConfig: boolean;
  readonly moduleKind: 'ES module' | 'CommonJS';
  readonly packageManager: PackageManager;
  readonly framework: string | undefined;
  readonly scripts: Readonly<Record<string, string>>;
  readonly main: string | undefined;
  /** Names in dependencies, devDependencies and the like. */
  readonly dependencies: ReadonlySet<string>;
}

/** Dependency -> what people call it; the first that is there is the framework. */
const FRAMEWORKS: ReadonlyArray<readonly [dependency: string, name: string]> = [
  ['next', 'Next.js'],
  ['@nestjs/core', 'NestJS'],
  ['nuxt', 'Nuxt'],
  ['@remix-run/node', 'Remix'],
  ['fastify', 'Fastify'],
  ['@hapi/hapi', 'hapi'],
  ['koa', 'Koa'],
  ['hono', 'Hono'],
  ['restify', 'restify'],
  ['express', 'Express'],
];

const LOCK_FILES: ReadonlyArray<readonly [file: string, manager: PackageManager]> = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
];

/** Reads the project that a file or the working directory belongs to. Never throws; what cannot be read is not there. */
export function readProject(entry: string | undefined, cwd: string, env: Env): ProjectFacts {
  const found = findProject(entry, cwd);
  const folder = found.package === undefined ? cwd : dirname(found.package.path);
  const json = readJson(join(folder, 'package.json'));
  const dependencies = new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) =>
      Object.keys(toObject(json[key])),
    ),
  );
  const isEsModule = json['type'] === 'module' || /\.m[jt]s$/.test(entry ?? '');
  return {
    folder,
    name: found.package?.name,
    hasPackageJson: found.package !== undefined,
    hasConfig: found.package?.hasConfig === true,
    moduleKind: isEsModule && !/\.c[jt]s$/.test(entry ?? '') ? 'ES module' : 'CommonJS',
    packageManager: findManager(folder, json['packageManager'], env),
    framework: FRAMEWORKS.find(([name]) => dependencies.has(name))?.[1],
    scripts: toTexts(toObject(json['scripts'])),
    main: typeof json['main'] === 'string' ? json['main'] : undefined,
    dependencies,
  };
}

/** The text of a JSON file as an object; an empty one where there is none. */
export function readJson(path: string): Readonly<Record<string, unknown>> {
  try {
    return toObject(JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')));
  } catch {
    return {};
  }
}

function findManager(folder: string, declared: unknown, env: Env): PackageManager {
  const names = [
    // corepack's field, then what is on the disk (a workspace has its lock file at its root), then who runs us.
    typeof declared === 'string' ? declared : '',
    LOCK_FILES.find(([file]) => existsSync(join(folder, file)))?.[1] ?? '',
    LOCK_FILES.find(([file]) => existsSync(join(dirname(folder), file)))?.[1] ?? '',
    env['npm_config_user_agent'] ?? '',
  ];
  for (const text of names) {
    const [, name] = /^(npm|pnpm|yarn|bun)\b/.exec(text) ?? [];
    // The expression has only these.
    if (name !== undefined) return name as PackageManager;
  }
  return 'npm';
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return isPlainObject(value) ? value : {};
}

function toTexts(object: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
