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

/** The parser says where and what it expected, never what it got. */
function toReason(error: unknown, path: string): string {
  if (!(error instanceof Error)) return 'cannot be read';
  if ('code' in error) return error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${String(error.code)})`;
  const text = error.message.replace(/^Invalid OpenTelemetry config file: /, '').replaceAll(`${path}: `, '');
  return `cannot be used: ${firstLine(text.trim())}`;
}
