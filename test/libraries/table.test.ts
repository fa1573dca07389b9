// The table of instrumentations says what the installed packages say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createDoc, readRows } from '../../scripts/write-libraries.ts';
import { libraryNames } from '../../src/config/library-names.ts';
import { libraries } from '../../src/instrumentations/libraries/table.ts';

test('the table is what `npm run libraries` would write', () => {
  assert.deepEqual(libraries, readRows());
});

test('every row has an option', () => {
  assert.deepEqual(
    libraryNames,
    libraries.map(({ name }) => name),
  );
});

test('docs/libraries.md has the same table', () => {
  assert.equal(readFileSync(new URL('../../docs/libraries.md', import.meta.url), 'utf8'), createDoc());
});
