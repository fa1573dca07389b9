import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createSchema } from '../../scripts/write-schema.ts';
import { LATER_KEYS, LATER_VARIABLES } from '../../src/config/later.ts';
import type { Option } from '../../src/config/option.ts';
import { libraryNames } from '../../src/config/library-names.ts';
import { options } from '../../src/config/options.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { defineConfig } from '../../src/index.ts';

const config = join(import.meta.dirname, '../../config');
const rows: readonly (readonly [string, Option])[] = Object.entries(options);

describe('option table', () => {
  it('is what config/tracingrc.schema.json says (else: node scripts/write-schema.ts)', () => {
    assert.equal(readFileSync(join(config, 'tracingrc.schema.json'), 'utf8'), createSchema());
  });

  it('has every instrumentation under its own name there, dots and all', () => {
    const { properties } = JSON.parse(createSchema()) as {
      readonly properties: { readonly instrumentations: { readonly properties: Readonly<Record<string, object>> } };
    };
    const names = ['http', 'undici', ...libraryNames];
    assert.deepEqual(Object.keys(properties.instrumentations.properties).toSorted(), names.toSorted());
  });

  it('has no option or variable that is also announced for later', () => {
    for (const [key, row] of rows) {
      assert.ok(!LATER_KEYS.some((later) => key === later || key.startsWith(`${later}.`)), key);
      for (const { name } of row.env ?? []) assert.ok(!LATER_VARIABLES.includes(name), name);
    }
  });

  it('has no option that is a section of another', () => {
    for (const [key] of rows) assert.ok(!rows.some(([other]) => other.startsWith(`${key}.`)), key);
  });
});

describe('examples', () => {
  for (const name of readdirSync(join(config, 'examples'))) {
    it(`${name} is read without an issue`, () => {
      const path = join(config, 'examples', name);
      const { issues, file, sources } = readConfig({ env: { TRACING_CONFIG: path }, entry: undefined, cwd: '/' });
      assert.deepEqual(issues, []);
      assert.equal(file, path);
      assert.ok(Object.values(sources).some((source) => typeof source === 'object' && 'line' in source));
    });
  }
});

describe('defineConfig', () => {
  it('returns what it is given, and refuses wrong types', () => {
    const written = defineConfig({
      url: { redact: { keys: ['a'] } },
      export: { console: 'line', otlp: { headers: { a: 'b' } } },
    });
    assert.deepEqual(written.url?.redact?.keys, ['a']);
    const named = defineConfig({ instrumentations: { 'socket.io': false, pg: { requireParentSpan: true } } });
    assert.equal(named.instrumentations?.['socket.io'], false);
    // @ts-expect-error: not a level
    defineConfig({ instrumentations: { socket: { io: false } } });
    // @ts-expect-error: not an option
    defineConfig({ url: { redact: { kyes: [] } } });
    // @ts-expect-error: not one of the words
    defineConfig({ export: { console: 'fancy' } });
    // @ts-expect-error: a number
    defineConfig({ sampling: { ratio: '1' } });
  });

  it('gives every option its exact type', () => {
    const { config } = readConfig({ env: { TRACING_CONFIG: 'none' }, entry: undefined, cwd: '/' });
    const console: 'auto' | 'off' | 'tree' | 'line' | 'json' = config['export.console'];
    const keys: readonly string[] = config['url.redact.keys'];
    const endpoint: string | undefined = config['export.otlp.endpoint'];
    // @ts-expect-error: it may be undefined
    const certain: string = config['export.otlp.endpoint'];
    assert.deepEqual([console, keys, endpoint, certain], ['auto', [], undefined, undefined]);
  });
});
