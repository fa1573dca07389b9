// `tracing config`: every option, its value and where it came from.
import type { OptionKey, Origin } from '../config/config.ts';
import { toPlace } from '../config/findings.ts';
import { isLibraryOption } from '../config/instrumentation-options.ts';
import type { Option } from '../config/option.ts';
import { options } from '../config/options.ts';
import { cut, displayWidth } from '../exporters/console/display-text.ts';
import { isOnByDefault } from '../instrumentations/libraries/default-options.ts';
import { type Command, EXIT, UsageError, parse, toHint } from './command.ts';
import { type Cell, type Page, createPage, printJson } from './page.ts';
import { ENTRY_OPTION, type Situation, readSituation } from './read-situation.ts';
import { type Shown, showValue, toLine } from './show-value.ts';

export const config: Command = {
  help: `  npx tracing config                    all options
  npx tracing config url export.otlp    those of some sections
  npx tracing config sampling.ratio     one, with what it means
  npx tracing config --changed          only what is not at its default

Options
  --changed        only what a file or a variable has set
  --entry <file>   the program whose configuration is meant; without it that of the working directory
  --json           for programs: {file, issues: [{level, message}], options: {<name>: {value, source}}}; a source is
                   "default", {file, line} or {variable}

Secrets are hidden. Exit code 1 where something in the configuration is wrong.
`,
  run(args) {
    const { values, positionals } = parse(args, {
      changed: { type: 'boolean' },
      json: { type: 'boolean' },
      ...ENTRY_OPTION,
    });
    const situation = readSituation(values.entry);
    const wanted = positionals.length === 0 ? KEYS : KEYS.filter((key) => positionals.some((name) => isIn(key, name)));
    for (const name of positionals) requireName(name);
    const entries = wanted
      .map((key) => toEntry(key, situation))
      .filter(({ source }) => values.changed !== true || source !== 'default');
    const issues = situation.issues.map(({ level, message }) => ({
      level,
      message: situation.plain.redact(message, 'string'),
    }));
    if (values.json === true) {
      const shown = Object.fromEntries(entries.map(({ key, value, source }) => [key, { value, source }]));
      printJson({ file: situation.file ?? null, issues, options: shown });
    } else {
      print(createPage(), entries, situation, positionals);
    }
    return issues.some(({ level }) => level === 'warn') ? EXIT.failed : EXIT.done;
  },
};

// Object.keys forgets the names.
const KEYS = Object.keys(options) as OptionKey[];
const rows: Readonly<Record<OptionKey, Option>> = options;

interface Entry {
  readonly key: OptionKey;
  readonly value: Shown;
  readonly source: Origin;
}

function toEntry(key: OptionKey, { config, sources, redactor }: Situation): Entry {
  const value = showValue(key, rows[key], config[key], redactor);
  return { key, value: value ?? whenUnset(key), source: sources[key] };
}

/** Instrumentations are on or off where nothing says so. */
function whenUnset(key: OptionKey): Shown {
  return isLibraryOption(key) ? isOnByDefault(key.slice('instrumentations.'.length)) : null;
}

function isIn(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name}.`);
}

function requireName(name: string): void {
  if (KEYS.some((key) => isIn(key, name))) return;
  throw new UsageError(`${name} is not an option${toHint(name, KEYS)}`);
}

function print(page: Page, entries: readonly Entry[], situation: Situation, names: readonly string[]): void {
  const [entry] = entries;
  if (entry !== undefined && names.length === 1 && names[0] === entry.key) return printOne(page, entry);
  for (const [section, inIt] of Map.groupBy(entries, ({ key }) => toSection(key))) {
    if (section !== '') {
      page.line();
      page.line(['bold', section]);
    }
    for (const { key, value, source } of inIt) {
      const name = section === '' ? key : `  ${key.slice(section.length + 1)}`;
      page.line(...toRow(page, name, value, source));
    }
  }
  if (entries.length === 0) page.line('everything is at its default');
  printIssues(page, situation);
}

/** Names of packages have dots that are no levels: `socket.io`. */
function toSection(key: OptionKey): string {
  return key.startsWith('instrumentations.') ? 'instrumentations' : key.slice(0, Math.max(0, key.lastIndexOf('.')));
}

const NAME_COLUMNS = 28;
const PLACE_COLUMNS = 24;

function toRow(page: Page, name: string, value: Shown, source: Origin): Cell[] {
  const isSet = source !== 'default';
  const place = toPlace(source);
  const room = page.columns - NAME_COLUMNS - 2 - Math.max(PLACE_COLUMNS, displayWidth(place));
  const text = cut(toLine(value), Math.max(room, 10));
  const pad = ' '.repeat(Math.max(2, page.columns - PLACE_COLUMNS - NAME_COLUMNS - displayWidth(text)));
  // A long name of a variable stands at the right edge.
  const overlap = Math.max(0, displayWidth(place) - PLACE_COLUMNS);
  return [
    name.padEnd(NAME_COLUMNS),
    [isSet ? 'bold' : 'dim', text],
    pad.slice(0, Math.max(2, pad.length - overlap)),
    [isSet ? 'cyan' : 'dim', place],
  ];
}

function printOne(page: Page, { key, value, source }: Entry): void {
  const variables = [...new Set((rows[key].env ?? []).map(({ name }) => name))].join(', ');
  page.table([
    [
      ['dim', 'option'],
      ['bold', key],
    ],
    [['dim', 'value'], toLine(value)],
    [['dim', 'from'], toPlace(source)],
    [['dim', 'variables'], variables === '' ? 'none' : variables],
    [['dim', 'means'], rows[key].doc],
  ]);
}

function printIssues(page: Page, { issues, plain, file }: Situation): void {
  page.line();
  page.line(['dim', file === undefined ? 'no config file' : `config file: ${plain.redact(file, 'string')}`]);
  for (const { level, message } of issues) {
    const mark: Cell = [level === 'warn' ? 'yellow' : 'dim', level === 'warn' ? '! ' : '· '];
    page.text(plain.redact(message, 'string'), { indent: 2, mark });
  }
}
