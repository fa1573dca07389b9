// Run by `npm run libraries`: writes src/instrumentations/libraries/table.ts from what the installed instrumentations say of themselves.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { LibraryName, LibraryRow } from '../src/instrumentations/libraries/library.ts';
import packageJson from '../package.json' with { type: 'json' };

const require = createRequire(import.meta.url);
const doc = fileURLToPath(new URL('../docs/libraries.md', import.meta.url));
const PREFIX = '@opentelemetry/instrumentation-';
/** Of no library: `metrics.runtime` turns it on. */
const RUNTIME = '@opentelemetry/instrumentation-runtime-node';

/** Instrumentations that hook no package, with the packages that call for them. */
const WITHOUT_HOOKS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // It listens to a diagnostics channel.
  '@fastify/otel': { fastify: ['>=4.0.0 <6'] },
};

/** Libraries that routes/ alone is for. */
const OURS: readonly LibraryRow[] = [{ name: 'hono', modules: { hono: ['>=4.0.0 <5'] } }];

interface Inspectable {
  getModuleDefinitions?(): readonly InstrumentationModuleDefinition[];
}

/** What table.ts has to say. */
export function readRows(): readonly LibraryRow[] {
  const packages = Object.keys(packageJson.devDependencies).filter(
    (name) => (name.startsWith(PREFIX) && name !== RUNTIME) || Object.hasOwn(WITHOUT_HOOKS, name),
  );
  return [...packages.map(toRow), ...OURS].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function createTable(): string {
  return `// Written by \`npm run libraries\`; a test fails when it is stale. Read by enable-libraries.ts and by scripts/build.ts.
import type { LibraryRow } from './library.ts';

/** Every instrumentation that is loaded when its library is. */
export const libraries: readonly LibraryRow[] = [
${readRows()
  .map((row) => `  ${toText(row)},`)
  .join('\n')}
];
`;
}

/** The names that `instrumentations.<name>` takes, for src/config, which knows no later stage. */
function createNames(): string {
  return `// Written by \`npm run libraries\`; a test fails when it is stale. Read by options.ts, which makes an option of each.

/** The instrumentations of libraries, as \`instrumentations.<name>\`. */
export const libraryNames = [${readRows()
    .map(({ name }) => `'${name}'`)
    .join(', ')}] as const;
`;
}

/** docs/libraries.md with the table as it has to be. */
export function createDoc(): string {
  const text = readFileSync(doc, 'utf8');
  const start = text.indexOf('-->\n') + '-->\n'.length;
  const rows = readRows().map(({ name, modules }) => {
    const packages = Object.entries(modules).map(([module, ranges]) => `${module} ${ranges.join(', ')}`);
    return `| \`${name}\` | ${packages.join('<br>') || 'none: [lambda.md](lambda.md)'} |`;
  });
  const table = ['', '| `instrumentations.<name>` | packages and versions |', '|---|---|', ...rows, '', ''].join('\n');
  return text.slice(0, start) + table + text.slice(text.indexOf('<!-- /table -->'));
}

function toRow(name: string): LibraryRow {
  const exports = require(name) as Record<string, unknown>;
  const [exported, Instrumentation] =
    Object.entries(exports).find(([key, value]) => typeof value === 'function' && key.endsWith('Instrumentation')) ??
    [];
  if (exported === undefined) throw new Error(`${name} exports no instrumentation`);
  const instrumentation = new (Instrumentation as new (options: object) => Inspectable)({ enabled: false });
  const modules: Record<string, string[]> = {};
  for (const { name: module, supportedVersions } of instrumentation.getModuleDefinitions?.() ?? []) {
    modules[module] = [...new Set([...(modules[module] ?? []), ...supportedVersions])];
  }
  const short = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : (/^@([^/]+)/.exec(name)?.[1] ?? name);
  // A new one becomes a name by this very script.
  return { name: short as LibraryName, package: name, exported, modules: { ...modules, ...WITHOUT_HOOKS[name] } };
}

function toText({ name, package: from, exported, modules }: LibraryRow): string {
  const quote = (text: string): string => `'${text}'`;
  const toKey = (key: string): string => (/^[\w$]+$/.test(key) ? key : quote(key));
  const entries = Object.entries(modules).map(([key, ranges]) => `${toKey(key)}: [${ranges.map(quote).join(', ')}]`);
  const inner = entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  const source =
    from === undefined || exported === undefined ? '' : `package: ${quote(from)}, exported: ${quote(exported)}, `;
  return `{ name: ${quote(name)}, ${source}modules: ${inner} }`;
}

if (import.meta.main) {
  const write = (path: string, text: string): void =>
    writeFileSync(fileURLToPath(new URL(`../src/${path}`, import.meta.url)), text);
  write('instrumentations/libraries/table.ts', createTable());
  write('config/library-names.ts', createNames());
  writeFileSync(doc, createDoc());
}
