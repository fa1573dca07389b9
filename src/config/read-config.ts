// Called by agent.ts once, before anything else: environment > file > default, every value with its origin, every mistake as a value.
import { checkEndpoints } from './check-endpoints.ts';
import { checkVariables } from './check-variables.ts';
import type { Config, ConfigIssue, OptionKey, Origin } from './config.ts';
import { type Decision, decideOption, type FileValue } from './decide-option.ts';
import { describeValue, isPlainObject } from './describe.ts';
import { findProject, type Project } from './find-project.ts';
import { Findings, isUrlKey, toPlace } from './findings.ts';
import { flatten } from './flatten.ts';
import type { LoadedFile } from './loaded-file.ts';
import type { Env, Option } from './option.ts';
import { options } from './options.ts';
import { readDeclared } from './declarative/read-declared.ts';
import { readFile } from './read-file.ts';
import { readText } from './variables.ts';

/** Where the program runs. `entry` is its main file as the command line names it; undefined for `node -e` and the REPL. */
export interface ConfigInput {
  readonly env: Env;
  readonly entry: string | undefined;
  readonly cwd: string;
}

/** The configuration, with all that can be said about it. */
export interface ConfigResult {
  readonly config: Config;
  /** Where each value came from. */
  readonly sources: Readonly<Record<OptionKey, Origin>>;
  /** Everything that is wrong, one line each, to be printed behind `tracing: `. */
  readonly issues: readonly ConfigIssue[];
  /** Absolute path of the config file that was read, or of the one that could not be. */
  readonly file: string | undefined;
  /** Redaction fails closed: hide every value that might be secret. */
  readonly urlHidden: boolean;
}

type ReadableFile = LoadedFile & { readonly ok: true };

const rows: Readonly<Record<string, Option>> = options;

/** Reads the configuration. Synchronous; never throws: the program runs whatever is in its environment and its files. */
export function readConfig(input: ConfigInput): ConfigResult {
  const findings = new Findings(input.cwd);
  try {
    return read(input, findings);
  } catch (error) {
    const name = error instanceof Error ? error.constructor.name : typeof error;
    const message = `the configuration could not be read (${name}); using the defaults`;
    findings.add({ level: 'warn', message, origin: 'default' }, true);
    return toResult(() => ({ value: undefined, origin: 'default' }), undefined, findings);
  }
}

function read({ env: wholeEnv, entry, cwd }: ConfigInput, findings: Findings): ConfigResult {
  const project = findProject(entry, cwd);
  const files = readFile(project, readText(wholeEnv, 'TRACING_CONFIG'), cwd);
  for (const file of files) reportFile(file, findings);
  const file = files.at(-1);
  const ours = file?.ok === true ? toFileValues(file, findings) : new Map<string, FileValue>();
  const { env, given } = readDeclared(wholeEnv, ours, cwd, findings);
  const suggested = toSuggestions(project, findings);
  const decisions = new Map<string, Decision>();
  for (const [key, row] of Object.entries(rows)) {
    const fallback = suggested.get(key) ?? { value: row.default, origin: 'default' };
    decisions.set(key, decideOption(key, row, { env, file: given.get(key), fallback }, findings));
  }
  checkEndpoints(decisions, findings);
  for (const { level, name, text, hidesUrls } of checkVariables(env, rows)) {
    findings.add({ level, message: text, origin: { variable: name } }, hidesUrls);
  }
  return toResult((key) => decisions.get(key), file?.path, findings);
}

function toResult(
  decide: (key: string) => Decision | undefined,
  file: string | undefined,
  findings: Findings,
): ConfigResult {
  const config: Record<string, unknown> = {};
  const sources: Record<string, Origin> = {};
  for (const [key, row] of Object.entries(rows)) {
    const decision = decide(key);
    config[key] = decision?.value ?? row.default;
    sources[key] = decision?.origin ?? 'default';
  }
  return {
    // Right by construction: a value is the output of its row's schema, or its row's default.
    config: Object.freeze(config) as Config,
    sources: sources as Record<OptionKey, Origin>,
    issues: findings.toList(),
    file,
    urlHidden: findings.urlHidden,
  };
}

function reportFile(file: LoadedFile, findings: Findings): void {
  if (!file.ok) {
    const origin = findings.toOrigin(file.path, file.line);
    findings.add({ level: 'warn', message: `${toPlace(origin)} ${file.reason}; the file is not used`, origin }, true);
    return;
  }
  for (const { line, text, hidesUrls } of file.issues) {
    const origin = findings.toOrigin(file.path, line);
    findings.add({ level: 'warn', message: `${toPlace(origin)} ${text}`, origin }, hidesUrls);
  }
}

function toFileValues(file: ReadableFile, findings: Findings): ReadonlyMap<string, FileValue> {
  const values = new Map<string, FileValue>();
  if (file.value === null || file.value === undefined) return values;
  if (!isPlainObject(file.value)) {
    const origin = findings.toOrigin(file.path, file.lineOf([]));
    const message = `${toPlace(origin)} expected an object with options, got ${describeValue(file.value, true)}`;
    findings.add({ level: 'warn', message: `${message}; the file is not used`, origin }, true);
    return values;
  }
  const flat = flatten(file.value);
  for (const { path, key, meant, text } of flat.wrong) {
    const origin = findings.toOrigin(file.path, file.lineOf(path));
    const hidesUrls = isUrlKey(key) || isUrlKey(meant) || key === '$import';
    findings.add({ level: 'warn', message: `${toPlace(origin)} ${text}`, key, origin }, hidesUrls);
  }
  for (const [key, { value, path }] of flat.given) {
    values.set(key, { value, toOrigin: (steps) => findings.toOrigin(file.path, file.lineOf([...path, ...steps])) });
  }
  return values;
}

// The project's own name and version stand in for the defaults.
function toSuggestions(project: Project, findings: Findings): ReadonlyMap<string, Decision> {
  const suggested = new Map<string, Decision>();
  if (project.package === undefined) return suggested;
  const origin = findings.toOrigin(project.package.path, undefined);
  const { name, version } = project.package;
  if (name !== undefined) suggested.set('service.name' satisfies OptionKey, { value: name, origin });
  if (version !== undefined) suggested.set('service.version' satisfies OptionKey, { value: version, origin });
  return suggested;
}
