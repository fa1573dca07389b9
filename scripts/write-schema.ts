// Run by `npm run schema`: writes config/tracingrc.schema.json from the option table. A test compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import type { Option } from '../src/config/option.ts';
import { options } from '../src/config/options.ts';

interface Section {
  type: 'object';
  additionalProperties: false;
  properties: Record<string, object>;
}

/** The JSON schema of a config file, as the text of the file. */
export function createSchema(): string {
  const root = createSection();
  root.properties['$schema'] = { type: 'string', description: 'Address of this schema, for editors.' };
  for (const [key, row] of Object.entries<Option>(options)) {
    const names = toNames(key);
    const last = names.pop() ?? key;
    const section = names.reduce(toSubsection, root);
    section.properties[last] = toProperty(row);
  }
  const head = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of @tracing/agent',
    description: 'A .tracingrc, or the property tracing of a package.json.',
  };
  return `${JSON.stringify({ ...head, ...root }, null, 2)}\n`;
}

/** @note Names of packages have dots that are no levels: `socket.io`. */
function toNames(key: string): string[] {
  const [section = key, ...names] = key.split('.');
  return section === 'instrumentations' ? [section, names.join('.')] : [section, ...names];
}

function createSection(): Section {
  return { type: 'object', additionalProperties: false, properties: {} };
}

function toSubsection(section: Section, name: string): Section {
  const known = section.properties[name] as Section | undefined;
  const next = known ?? createSection();
  section.properties[name] = next;
  return next;
}

function toProperty(row: Option): object {
  const { $schema: _, ...schema } = toJsonSchema(row.schema() as GenericSchema, {
    typeMode: 'input',
    errorMode: 'ignore',
  });
  const variables = (row.env ?? []).map(({ name }) => name);
  const description = variables.length === 0 ? row.doc : `${row.doc} Environment: ${variables.join(', ')}.`;
  const shape = row.text === undefined ? schema : { anyOf: [schema, { type: 'string' }] };
  return { description, ...shape, ...(row.default === undefined ? {} : { default: row.default }) };
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../config/tracingrc.schema.json', import.meta.url)), createSchema());
}
