// Run by `npm run configuration`: writes docs/variables.md, every environment variable by name, from the option table. A test compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LATER_VARIABLES, OTHER_VARIABLES } from '../src/config/later.ts';
import type { Option, Variable } from '../src/config/option.ts';
import { rows, toCell, toCode, toShape } from './option-words.ts';

/** What a variable says that sets more than one option, or that is written otherwise than the option. */
const NOTES: Readonly<Record<string, string>> = {
  OTEL_RESOURCE_ATTRIBUTES:
    'Attributes of everything this process sends; service.name and its like among them set the options of that name.',
  OTEL_TRACES_EXPORTER: 'otlp, console, none, or a list of them. Logfire and a file have variables of their own.',
  OTEL_TRACES_SAMPLER:
    'always_on, always_off or traceidratio, each also with parentbased_ before it. OTEL_TRACES_SAMPLER_ARG is the ratio.',
  OTEL_METRICS_EXPORTER: 'otlp or none.',
  OTEL_LOGS_EXPORTER: 'otlp or none.',
  OTEL_NODE_DISABLED_INSTRUMENTATIONS:
    'Instrumentations that are off, by the names that follow instrumentations. in the option table.',
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'The only instrumentations that are on.',
  TRACING_KEEP:
    'errors, slow: with a time (slow:2s), or both with a comma: traces that are kept though the ratio, the limit or a rule would drop them.',
  OTEL_SDK_DISABLED: 'true: nothing is traced, and the preload loads nothing more.',
  LOGFIRE_HTTP_CAPTURE_ALL: 'true: all headers and bodies are recorded, redacted, both directions.',
};

/** Read beside the table. */
export const BESIDE: Readonly<Record<string, string>> = {
  OTEL_CONFIG_FILE:
    "A file of OpenTelemetry's declarative configuration: [declarative-configuration.md](declarative-configuration.md). While it is set, most OTEL_* variables are not read.",
  OTEL_TRACES_SAMPLER_ARG: 'The ratio of OTEL_TRACES_SAMPLER, from 0 to 1.',
  OTEL_FASTIFY_IGNORE_PATHS: 'Read by the instrumentation of fastify, for spans of its middleware.',
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'Read by the instrumentation of openai.',
  TRACING_CONFIG: 'The path of the configuration file, or none: [configuration.md](configuration.md#the-file).',
  TRACING_THROW_INTERNAL_ERRORS: '1: errors of the agent itself are thrown. For its own tests.',
};

/** Names that OpenTelemetry's Node SDK or its instrumentations read and the agent does not, and what is so instead. */
export const NOT_READ: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_PROMETHEUS_HOST: 'Metrics are sent, not asked for.',
  OTEL_EXPORTER_PROMETHEUS_PORT: 'Metrics are sent, not asked for.',
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '`limits.attributeCount` is for log records too.',
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '`limits.attributeValueLength` is for log records too.',
  OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'What is lost is said on stderr.',
  OTEL_SEMCONV_STABILITY_OPT_IN: 'Spans and metrics of HTTP have the stable names whatever it says.',
  OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: "The specification's name is read: `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`.",
  OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT: "The specification's name is read: `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`.",
};

/** Names of Logfire's other SDKs that mean nothing here, and why. */
export const NO_EFFECT: Readonly<Record<string, string>> = {
  'LOGFIRE_PYDANTIC_PLUGIN_*': 'There is no Pydantic.',
  LOGFIRE_INSPECT_ARGUMENTS: "Of Python's f-strings.",
  LOGFIRE_IGNORE_NO_CONFIG: 'Nothing has to be configured.',
  LOGFIRE_API_KEY: "Of Logfire's platform, which the agent does not talk to.",
  LOGFIRE_MIN_LEVEL: 'The agent records no level of its own; `sampling.*` decides what is kept.',
  LOGFIRE_REGION: 'The region is in the token.',
};

/** Names of Logfire's other SDKs that the agent does not know, and what does the same. */
export const UNKNOWN: Readonly<Record<string, string>> = {
  LOGFIRE_CONFIG_DIR: '`TRACING_CONFIG`',
  LOGFIRE_CONSOLE_INCLUDE_TAGS: '`LOGFIRE_CONSOLE_VERBOSE` shows all attributes.',
};

interface Entry {
  readonly variable: Variable;
  readonly sets: ReadonlyArray<readonly [key: string, row: Option]>;
}

function toEntries(): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [key, row] of rows) {
    for (const variable of row.env ?? []) {
      const sets = entries.get(variable.name)?.sets ?? [];
      entries.set(variable.name, { variable, sets: [...sets.filter(([other]) => other !== key), [key, row]] });
    }
  }
  return entries;
}

/** How a value is written, found out by writing one. */
function toForm({ read }: Variable, row: Option): string {
  const on = read('true', {})?.value;
  if (typeof on === 'boolean') return toShape(row) === 'true or false' ? 'true or false' : toShape(row);
  if (Array.isArray(on)) return `${toShape(row).replace('a list, each entry ', '')}, or a list`;
  if (Object.hasOwn(Object(read('k=v', {})?.value), 'k')) return 'k=v,k2=v2';
  if (typeof on === 'string' && on !== 'true') return `true, false, or ${toShape(row)}`;
  return toShape(row);
}

function toRow(name: string, { variable, sets }: Entry): string {
  const note = NOTES[name];
  const [first, ...others] = sets;
  if (first === undefined || (note === undefined && others.length > 0))
    throw new Error(`${name} needs a note in NOTES`);
  const keys = sets.length > 3 ? toCommon(sets.map(([key]) => key)) : sets.map(([key]) => toCode(key)).join(', ');
  const form = note === undefined ? toForm(variable, first[1]) : '';
  return `| ${toCode(name)} | ${keys} | ${toCell(form)} | ${toCell(note ?? first[1].doc)} |`;
}

const toCommon = (keys: readonly string[]): string =>
  [
    ...new Set(
      keys.map((key) =>
        key
          .split('.')
          .slice(0, key.startsWith('http.') ? 2 : 1)
          .join('.'),
      ),
    ),
  ]
    .map((section) => `\`${section}.*\``)
    .join(', ');

/** The variables with this beginning, in a table. */
function toTable(prefix: string): string {
  const own = [...toEntries()].map(([name, entry]) => [name, toRow(name, entry)] as const);
  const beside = Object.entries(BESIDE).map(([name, doc]) => [name, `| ${toCode(name)} | | | ${doc} |`] as const);
  const all = [...own, ...beside].filter(([name]) => name.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return ['| variable | option | value | |', '|---|---|---|---|', ...all.map(([, row]) => row)].join('\n');
}

const toList = (names: Readonly<Record<string, string>>): string =>
  [
    '| variable | |',
    '|---|---|',
    ...Object.entries(names).map(([name, instead]) => `| ${toCode(name)} | ${instead} |`),
  ].join('\n');

/** The text of the page. */
export function createVariables(): string {
  for (const name of OTHER_VARIABLES) if (!(name in BESIDE)) throw new Error(`${name} needs a line in BESIDE`);
  return `# Environment variables

Every name that the agent reads. Where a name of OpenTelemetry exists it is that one, else one of Logfire's, else its own. Options and order:
[configuration.md](configuration.md). What is set in a project, and what of it counts: \`npx tracing config --changed\`.

- A variable that is empty or blank counts as unset.
- A \`LOGFIRE_*\` or \`TRACING_*\` name that does not exist is said in one line, with the nearest that does. Other \`OTEL_*\` names are not looked at: they may be meant for others.
- Variables win over the file. Of several for one option the first in the table of [configuration.md](configuration.md#options) counts.

## OTEL_

${toTable('OTEL_')}

Not read, though OpenTelemetry's Node SDK or its instrumentations read them:

${toList(NOT_READ)}

## LOGFIRE_

The names of Logfire's Python and JavaScript SDKs, with the same meaning where there is one. \`OTEL_SERVICE_NAME\` and \`OTEL_SERVICE_VERSION\`
win over the names of Logfire here; in those SDKs it is the other way round.

${toTable('LOGFIRE_')}

Known, and not supported yet; a line says so: ${LATER_VARIABLES.map(toCode).join(', ')}.

Without effect in Node, said at \`OTEL_LOG_LEVEL=info\` only:

${toList(NO_EFFECT)}

Names of those SDKs that the agent does not know; a line says so, and nothing else happens:

${toList(UNKNOWN)}

## TRACING_

${toTable('TRACING_')}

## Of Node and the terminal

| variable | |
|---|---|
| \`NODE_OPTIONS\` | \`--import @tracing/agent\` loads the agent into every Node process that inherits it |
| \`NODE_ENV\` | \`production\`: traces are shown only on a terminal, unless \`TRACING_CONSOLE\` says more |
| \`NO_COLOR\`, \`FORCE_COLOR\` | colours of the console, where \`LOGFIRE_CONSOLE_COLORS\` does not decide |
| \`NODE_EXTRA_CA_CERTS\` | authorities for https receivers, beside those of Node |
`;
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../docs/variables.md', import.meta.url)), createVariables());
}
