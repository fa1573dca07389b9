// The pages that scripts write from tables of the code are what the scripts write, and the lists in them agree with the code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { createConfiguration } from '../../scripts/write-configuration.ts';
import { createTroubleshooting } from '../../scripts/write-troubleshooting.ts';
import { NOT_READ, UNKNOWN, createVariables } from '../../scripts/write-variables.ts';
import { checkVariables } from '../../src/config/check-variables.ts';
import { options } from '../../src/config/options.ts';

const docs = join(import.meta.dirname, '../../docs');
const pages = [
  ['configuration.md', createConfiguration, 'configuration'],
  ['variables.md', createVariables, 'configuration'],
  ['troubleshooting.md', createTroubleshooting, 'troubleshooting'],
] as const;

suite('generated pages', () => {
  for (const [name, create, script] of pages) {
    test(`docs/${name} is what npm run ${script} writes`, () => {
      assert.equal(readFileSync(join(docs, name), 'utf8'), create());
    });
  }

  test('names that are listed as not read set no option', () => {
    const read = new Set(
      Object.values(options).flatMap((row) => ('env' in row ? row.env.map(({ name }) => name) : [])),
    );
    for (const name of [...Object.keys(NOT_READ), ...Object.keys(UNKNOWN)]) assert.ok(!read.has(name), name);
  });

  test('one line is said of each name that is listed as unknown, and nothing is hidden for it', () => {
    for (const name of Object.keys(UNKNOWN)) {
      const [first, ...others] = checkVariables({ [name]: 'x' }, options);
      assert.deepEqual([first?.level, first?.hidesUrls, others], ['warn', false, []], name);
    }
  });
});
