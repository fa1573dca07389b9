import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration } from '../../../src/exporters/console/time-text.ts';

const CASES: [millis: number, text: string][] = [
  [0, '0 ms'],
  [0.04, '0 ms'],
  [0.26, '0.3 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [9_996, '10.0 s'],
  [59_940, '59.9 s'],
  [59_960, '1m 00s'],
  [3_599_600, '1h 00m'],
  [11_520_000, '3h 12m'],
];

test('durations change their unit without a jump and take at most seven columns', () => {
  for (const [millis, text] of CASES) assert.equal(formatDuration(millis), text);
  for (let millis = 0.01; millis < 3e8; millis *= 1.01) assert.ok(formatDuration(millis).length <= 7);
});
