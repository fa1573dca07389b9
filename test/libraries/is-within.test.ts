import assert from 'node:assert/strict';
import { test } from 'node:test';
import satisfies from 'semver/functions/satisfies.js';
import { isFramework } from '../../src/instrumentations/libraries/default-options.ts';
import { isWithin } from '../../src/instrumentations/libraries/is-within.ts';
import { libraries } from '../../src/instrumentations/libraries/table.ts';

const ranges = libraries.flatMap(({ modules }) => Object.values(modules).flat());
const numbers = [0, 1, 2, 3, 4, 9, 10, 12, 13, 17, 21, 22];
const versions = numbers.flatMap((major) =>
  numbers.flatMap((minor) => [0, 1, 9].map((patch) => `${major}.${minor}.${patch}`)),
);

test('a released version lies in a range as semver has it, for every range of the table', () => {
  for (const range of new Set(ranges)) {
    const ours = versions.map((version) => isWithin(version, range));
    if (ours.includes(undefined)) continue;
    assert.deepEqual(
      ours,
      versions.map((version) => satisfies(version, range)),
      range,
    );
  }
});

test('the ranges of every web framework need no semver', () => {
  const frameworks = libraries.filter(({ name }) => isFramework(name));
  const undecided = frameworks
    .flatMap(({ modules }) => Object.values(modules).flat())
    .filter((range) => isWithin('1.0.0', range) === undefined);
  assert.ok(frameworks.length >= 8);
  assert.deepEqual(undecided, []);
});

test('what only semver can tell is left to it', () => {
  for (const [version, range] of [
    ['5.0.0-beta.1', '>=4.0.0 <6'],
    ['5.0.0+build', '>=4.0.0 <6'],
    ['5', '>=4.0.0 <6'],
    ['5.0.0', '^5.0.0'],
    ['5.0.0', '>=4.0.0'],
    ['5.0.0', '>=4.0.0 <6 || >=7.0.0 <8'],
  ] as const)
    assert.equal(isWithin(version, range), undefined, `${version} ${range}`);
});
