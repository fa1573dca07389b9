// Run by `npm run configuration`: writes docs/configuration.md from the option table. A test compares the two.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SEARCH_PLACES } from '../src/config/find-places.ts';
import { isLibraryOption } from '../src/config/instrumentation-options.ts';
import { LATER_KEYS } from '../src/config/later.ts';
import type { Env, Option } from '../src/config/option.ts';
import { type ConfigResult, readConfig } from '../src/config/read-config.ts';
import { NO, YES } from '../src/config/variables.ts';
import { createRedactors } from '../src/url-rules/create-redactors.ts';
import { rows, toCell, toCode, toDefault, toType } from './option-words.ts';

/** The sections in the order of the page: the beginning of their keys, what they are about, and where more is said. */
const SECTIONS: ReadonlyArray<readonly [start: string, about: string]> = [
  ['enabled', 'On or off.'],
  ['service.', 'Who sends. Attributes of the resource.'],
  ['resource.', 'What else everything that is sent has in common.'],
  ['url.', 'What is hidden, left out and named: [redaction.md](redaction.md), [url-rules.md](url-rules.md).'],
  ['http.', 'What spans record of a request: [http-server.md](http-server.md), [http-client.md](http-client.md).'],
  ['instrumentations.', 'What is traced: [libraries.md](libraries.md).'],
  ['propagation.', 'Which headers carry a trace: [propagation.md](propagation.md).'],
  ['sampling.', 'Which traces are kept: [sampling.md](sampling.md).'],
  ['export.otlp.', 'An OTLP receiver: [destinations.md](destinations.md).'],
  ['export.otlp.certificates.', 'TLS of OTLP: [destinations.md](destinations.md#certificates-of-otlp).'],
  ['export.logfire.', 'Logfire: [destinations.md](destinations.md#logfire), [variables.md](variables.md#logfire_).'],
  ['export.batch.', 'The queue before every destination: [destinations.md](destinations.md#the-queue).'],
  ['export.spool.', 'Batches that wait on disk: [spool.md](spool.md).'],
  ['export.', 'Other destinations, and the way out: [delivery-and-exits.md](delivery-and-exits.md).'],
  ['console.', 'How the terminal shows traces.'],
  ['metrics.', 'Metrics: [metrics.md](metrics.md).'],
  ['logs.', 'Log records: [logs.md](logs.md).'],
  ['limits.', "OpenTelemetry's limits of a span."],
  ['log.', 'The voice of the agent itself.'],
];

const EXAMPLES = fileURLToPath(new URL('../config/examples', import.meta.url));

const MISTAKES = `service:
  nmae: shop
sampling:
  ratio: 2
export:
  console: fancy
  otlp:
    endpoint: collector.example:4318
    headers: { Host: shop }
`;

const URL_MISTAKE = `url:
  redact:
    kyes: [voucher]
`;
const ADDRESS = 'https://api.example/orders/8f2kQ0zL1xP9/lines?page=2&sort=name';

/** The configuration of a project that has this file, by the code that every start runs. */
function read(tracingrc: string, env: Env = {}): ConfigResult {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-page-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, '.tracingrc'), tracingrc);
    return readConfig({ env, entry: join(folder, 'app.js'), cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const toLines = ({ issues }: ConfigResult): string => issues.map(({ message }) => `tracing: ${message}`).join('\n');

function toSection([start, about]: (typeof SECTIONS)[number], own: typeof rows): string {
  const lines = own.filter(([key]) => !isLibraryOption(key)).map(([key, row]) => toRow(toCode(key), row));
  return [
    `### \`${start.replace(/\.$/, '')}\``,
    '',
    about,
    '',
    '| option | type | default | variables | |',
    '|---|---|---|---|---|',
    ...lines,
    ...toLibraryRows(own.filter(([key]) => isLibraryOption(key))),
    '',
  ].join('\n');
}

function toRow(keys: string, row: Option, doc = row.doc): string {
  const variables = [...new Set(row.env?.map(({ name }) => toCode(name)))].join(', ');
  return `| ${keys} | ${toCell(toType(row))} | ${toDefault(row)} | ${variables} | ${toCell(doc)} |`;
}

/** One row for all that differ in nothing but their name. */
function toLibraryRows(own: typeof rows): string[] {
  const alike = Map.groupBy(own, ([key, { doc }]) => doc.replace(toName(key), 'the library'));
  return [...alike].map(([doc, [first, ...others]]) => {
    if (first === undefined) return '';
    return toRow([first, ...others].map(([key]) => toCode(key)).join('<br>'), first[1], doc);
  });
}

const toName = (key: string): string => key.slice('instrumentations.'.length);

/** The files of config/examples, by the line that each begins with. */
function toExamples(): string {
  const rows = readdirSync(EXAMPLES).map((name) => {
    const [, about = ''] = /^# (.+)\n/.exec(readFileSync(join(EXAMPLES, name), 'utf8')) ?? [];
    if (about === '') throw new Error(`${name} does not begin with what it is for`);
    return `| [${toCode(name)}](../config/examples/${name}) | ${toCell(about)} |`;
  });
  return rows.toSorted().join('\n');
}

/** The text of the page. */
export function createConfiguration(): string {
  const left = new Set(rows);
  const sections = new Map<string, string>();
  // The longest beginning has the first word, so that export.otlp.x is not in export.
  for (const section of SECTIONS.toSorted(([a], [b]) => b.length - a.length)) {
    const own = rows.filter((entry) => left.has(entry) && entry[0].startsWith(section[0]));
    for (const entry of own) left.delete(entry);
    sections.set(section[0], toSection(section, own));
  }
  const [forgotten] = left;
  if (forgotten !== undefined) throw new Error(`${forgotten[0]} is in no section: add one to SECTIONS`);

  const broken = read(URL_MISTAKE);
  const shown = createRedactors(broken.config, broken.urlHidden).redactor.redact(ADDRESS, 'client');
  const words = (all: Iterable<string>): string => [...all].map(toCode).join(', ');

  return `# Configuration

Every option. \`npx tracing config\` shows those of a project, each with its value and where that came from ([cli.md](cli.md#config)); \`npx tracing init\` writes a file
to begin with, and there are [whole ones](#examples). All variables by name: [variables.md](variables.md).

## The file

YAML or JSON, or a module that exports an object. Keys may be nested or dotted: \`url.redact.keys\` is \`keys\` in \`redact\` in \`url\`.

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/@tracing/agent/config/tracingrc.schema.json
service:
  name: shop
url.redact.keys: [voucher]
\`\`\`

\`\`\`ts
// tracing.config.ts
import { defineConfig } from '@tracing/agent/config';

export default defineConfig({ service: { name: 'shop' }, url: { redact: { keys: ['voucher'] } } });
\`\`\`

The first of these that is there, in this order:

${words(SEARCH_PLACES.map((place) => (place === 'package.json' ? 'package.json#tracing' : place)))}.

- The search begins in the folder of the program's entry file and climbs to the nearest package.json, no further. Without an entry, or when the entry is in an installed
  package (\`next start\`), it begins in the working directory. Where there is no package.json, no folder above is searched.
- \`TRACING_CONFIG=path\` names a file, from the working directory. \`TRACING_CONFIG=none\` looks for none.
- \`OTEL_CONFIG_FILE=path\` is OpenTelemetry's own format: [declarative-configuration.md](declarative-configuration.md).
- A file is at most 1 MiB. A module is run once, and cannot wait (no \`await\` at its top level).

## Which value counts

1. An environment variable, the first of those in the table that is set. One that is empty or blank counts as unset; after one
   that is wrong the file counts, not the next variable.
2. The file.
3. The default. Name and version of the service come from the project's package.json.

Booleans in variables, in any case: ${words(YES)}; ${words(NO)}. Lists are entries between commas; names with values are \`k=v,k2=v2\`, percent-encoded.

## A value that is wrong

It costs a line on stderr, and that option its value: the next that counts takes its place. The program runs.

\`\`\`yaml
${MISTAKES}\`\`\`

\`\`\`
${toLines(read(MISTAKES, { OTEL_LOG_LEVEL: 'loud', TRACING_CONSOLES: 'off' }))}
\`\`\`

The last two are from \`OTEL_LOG_LEVEL=loud TRACING_CONSOLES=off\`. No line has the text of a value that may be a secret. \`npx tracing config\` ends with exit code 1 when there is such a line:
a check for a pipeline.

**The \`url\` section is stricter.** While something in it is not understood, all that might be secret is hidden in every URL:

\`\`\`yaml
${URL_MISTAKE}\`\`\`

\`\`\`
${toLines(broken)}

${ADDRESS}
is recorded as
${shown}
\`\`\`

The same holds for a file that cannot be read at all, and for a variable whose name is nearly \`LOGFIRE_URL_REDACT_KEYS\` or \`TRACING_REDACT_MARKER\`.

## Options

The type is that of a file. Without a default there is none: the option says nothing until it is set.

${SECTIONS.map(([start]) => sections.get(start)).join('\n')}
## Examples

In \`config/examples/\` of the package, to copy as a \`.tracingrc\` (leave out the line \`$schema\`, or put the path of the package into it):

| file | |
|---|---|
${toExamples()}

## Not here yet

${words(LATER_KEYS)}: a line says so, and nothing else happens.
`;
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../docs/configuration.md', import.meta.url)), createConfiguration());
}
