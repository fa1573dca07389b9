// Run by doctor itself, or beside the program that it runs (start-look.ts): what can be known without looking inside: the project, the
// configuration, and what each destination answers to a test span.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { ConfigIssue, OptionKey } from '../../config/config.ts';
import { toPlace } from '../../config/findings.ts';
import { readEnv } from '../../config/read-env.ts';
import { findBundledLibraries } from '../../instrumentations/libraries/bundled-entry.ts';
import { readLogfireProjects } from '../../pipeline/logfire.ts';
import { readSituation, type Situation } from '../read-situation.ts';
import { readProject } from '../read-project.ts';
import { findApiCopies, type ApiCopy } from './find-api-copies.ts';
import { findStrayConfigs, type StrayConfig } from './find-stray-configs.ts';
import { readRegisteredApi } from './registered-api.ts';
import { type TriedDestination, tryDestinations } from './try-destinations.ts';

/** What is known from outside; plain JSON, without a secret in it. */
export interface Look {
  readonly entry: string | undefined;
  /** Libraries that are inside the program's own file. */
  readonly bundled: readonly string[];
  readonly project: {
    readonly name: string | undefined;
    readonly folder: string;
    readonly moduleKind: 'ES module' | 'CommonJS';
    readonly packageManager: string;
    readonly framework: string | undefined;
    readonly scripts: Readonly<Record<string, string>>;
    readonly dependencies: readonly string[];
  };
  readonly config: ConfigFacts;
  readonly strayConfigs: readonly StrayConfig[];
  readonly apiCopies: readonly ApiCopy[];
  /** Of @opentelemetry/api, the version in the agent. */
  readonly ownApi: string;
  readonly destinations: readonly TriedDestination[];
  /** What the agent's own parts had to say meanwhile, such as of a certificate that cannot be read. */
  readonly warnings: readonly string[];
}

export interface ConfigFacts {
  readonly file: string | undefined;
  readonly issues: ReadonlyArray<{
    readonly level: ConfigIssue['level'];
    readonly message: string;
    readonly key: string | undefined;
  }>;
  readonly enabled: Sourced<boolean>;
  readonly ratio: Sourced<number>;
  readonly perSecond: Sourced<number | undefined>;
  readonly http: Sourced<boolean>;
  readonly console: Sourced<string>;
  readonly isProduction: boolean;
  /** The rule that ignores every request, such as `url.ignore[0] /*`. */
  readonly ignoresAll: string | undefined;
  /** Logfire is asked for, but there is no token. */
  readonly lacksToken: boolean;
}

/** A value, and where a person finds it. */
export interface Sourced<T> {
  readonly value: T;
  /** `.tracingrc:7`, the name of a variable, or `default`. */
  readonly source: string;
}

/** Looks, and tries every destination. */
export async function look(entry: string | undefined): Promise<Look> {
  const situation = readSituation(entry);
  const { cwd, config, file, plain } = situation;
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(plain.redact(message, 'string'));
  const ignore = (): void => {};
  const logger = { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const env = readEnv();
  const { dependencies, ...project } = readProject(entry, cwd, env);
  const path = toRealPath(entry, cwd);
  const logfire = readLogfireProjects(config, cwd);
  return {
    entry: path,
    bundled: path === undefined ? [] : await findBundledLibraries(path).catch(() => []),
    project: { ...project, dependencies: [...dependencies] },
    config: {
      ...toConfigFacts(situation, env['NODE_ENV'] === 'production'),
      lacksToken: config['export.logfire.enabled'] === true && logfire.length === 0,
    },
    strayConfigs: file === undefined ? findStrayConfigs(path, cwd) : [],
    apiCopies: findApiCopies(project.folder),
    // The logger above is registered with it.
    ownApi: readRegisteredApi() ?? '',
    destinations: await tryDestinations({ ...situation, logfire }),
    warnings,
  };
}

function toConfigFacts(situation: Situation, isProduction: boolean): Omit<ConfigFacts, 'lacksToken'> {
  const { config, sources, plain, issues, file } = situation;
  const toSourced = <K extends OptionKey>(key: K): Sourced<Situation['config'][K]> => ({
    value: config[key],
    source: toPlace(sources[key]),
  });
  return {
    file,
    issues: issues.map(({ level, message, key }) => ({ level, message: plain.redact(message, 'string'), key })),
    enabled: toSourced('enabled'),
    ratio: toSourced('sampling.ratio'),
    perSecond: toSourced('sampling.perSecond'),
    http: toSourced('instrumentations.http'),
    console: toSourced('export.console'),
    isProduction,
    ignoresAll: findIgnoringAll(situation),
  };
}

/** The first rule of those that ignore whatever comes. */
function findIgnoringAll({ config, sources, plain }: Situation): string | undefined {
  for (const [index, match] of config['url.ignore'].entries()) {
    const fitsAll =
      typeof match === 'string' ? FITS_ALL.has(match) : Object.values(match).every((part) => part === '*');
    const text = typeof match === 'string' ? ` ${plain.redact(match, 'string')}` : '';
    if (fitsAll) return `url.ignore[${index}]${text} (${toPlace(sources['url.ignore'])})`;
  }
  for (const [index, { match = {}, ignore }] of config['url.rules'].entries()) {
    const fitsAll = typeof match === 'string' ? FITS_ALL.has(match) : Object.keys(match).length === 0;
    if (fitsAll && ignore === true) return `url.rules[${index}] (${toPlace(sources['url.rules'])})`;
  }
  return undefined;
}

const FITS_ALL: ReadonlySet<string> = new Set(['*', '**', '/*', '/**', '*://*', '*://*/*', '/.*/', 'http*']);

function toRealPath(entry: string | undefined, cwd: string): string | undefined {
  if (entry === undefined) return undefined;
  const path = resolve(cwd, entry);
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
