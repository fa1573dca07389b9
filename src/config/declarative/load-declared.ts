// Loaded by read-declared.ts only where OTEL_CONFIG_FILE is set: OpenTelemetry's own parser and schema, a bundle of half a megabyte.
import { readFileSync } from 'node:fs';
import { parseConfigFile } from '@opentelemetry/configuration';
import { parseDocument } from 'yaml';
import { firstLine } from '../describe.ts';
import { type Declared, toOptions } from './to-options.ts';

export type LoadedDeclared =
  | (Declared & { readonly ok: true })
  | { readonly ok: false; readonly line: number | undefined; readonly reason: string };

/** Reads a file, puts the environment's values into it, and checks it against the schema. Never throws. */
export function loadDeclared(path: string): LoadedDeclared {
  try {
    // OpenTelemetry's parser goes on with what is left of a file that is no YAML.
    const [error] = parseDocument(readFileSync(path, 'utf8'), { version: '1.2', prettyErrors: false }).errors;
    if (error !== undefined) {
      const line = readFileSync(path, 'utf8').slice(0, error.pos[0]).split('\n').length;
      return { ok: false, line, reason: 'is not YAML' };
    }
    return { ok: true, ...toOptions(parseConfigFile(path)) };
  } catch (error) {
    return { ok: false, line: undefined, reason: toReason(error, path) };
  }
}

const INVALID = 'Invalid OpenTelemetry config file: ';

/** The first thing that breaks the schema is named by its place and what is expected there; other messages quote what the file holds. */
function toReason(error: unknown, path: string): string {
  if (!(error instanceof Error)) return 'cannot be read';
  const { message } = error;
  if (message.includes('file_format')) return 'needs a file_format of "1.0" or a later 1.x';
  if (message.includes('env var substitution')) return 'holds a ${…} that is no reference to a variable';
  if (!message.startsWith(INVALID)) return 'cannot be read';
  const detail = message.slice(INVALID.length).replace(`${path}: `, '');
  return `cannot be used: ${firstLine(detail.trim())}`;
}
