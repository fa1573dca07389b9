import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideColor, type ColorFacts } from '../../../src/exporters/console/decide-color.ts';

const CASES: [wanted: boolean, env: ColorFacts['env'], option: ColorFacts['option'], isTerminal: boolean][] = [
  [true, {}, 'auto', true],
  [false, {}, 'auto', false],
  [true, {}, 'always', false],
  [false, {}, 'never', true],
  [false, { NO_COLOR: '1' }, 'always', true],
  [true, { NO_COLOR: '' }, 'auto', true],
  [true, { FORCE_COLOR: '1' }, 'never', false],
  [true, { FORCE_COLOR: '3', NO_COLOR: '1' }, 'auto', false],
  [false, { FORCE_COLOR: '0' }, 'always', true],
  [false, { FORCE_COLOR: 'false' }, 'auto', true],
  [false, { FORCE_COLOR: '' }, 'auto', false],
];

for (const [wanted, env, option, isTerminal] of CASES) {
  test(`${wanted ? 'colours' : 'stays plain'}: ${JSON.stringify({ env, option, isTerminal })}`, () => {
    assert.equal(decideColor({ env, option, isTerminal }), wanted);
  });
}
