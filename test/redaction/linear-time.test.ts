// Processor time grows no faster than the text. Only ratios with a wide margin are judged, of the fastest of some rounds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { GENERATORS, makeText } from './generators.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

const redactor = createRedactor();
const SMALL = 2_000;
const LARGE = 16_000;
/** Eight times the text may take this many times as long; a quadratic scan takes 64 times. */
const MOST_GROWTH = 30;
/** Below this, the clock says nothing. */
const LEAST_MILLIS = 2;
const MILLION = 1_000_000;
const MOST_MILLIS = 250;

describe('linear time', () => {
  for (const name of Object.keys(GENERATORS)) {
    it(`on ${JSON.stringify(name)}`, () => {
      const small = fastest(makeText(name, SMALL));
      const large = fastest(makeText(name, LARGE));
      assert.ok(large < LEAST_MILLIS || large < small * MOST_GROWTH, `${SMALL}: ${small} ms, ${LARGE}: ${large} ms`);
      assert.ok(fastest(makeText(name, MILLION)) < MOST_MILLIS);
    });
  }
});

function fastest(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const millis = cpuMillisOf(() => {
      redactor.redact(text, 'client');
      redactor.redact(text, 'string');
    });
    best = Math.min(best, millis);
  }
  return best;
}
