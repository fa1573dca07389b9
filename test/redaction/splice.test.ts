// Findings become markers in the original text, and offsets find their way back.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeFindings, splice, toOriginal } from '../../src/redaction/splice.ts';

const found = (start: number, end: number, rule = 'r') => ({ start, end, rule });

describe('mergeFindings', () => {
  it('joins what overlaps or touches, whatever the order', () => {
    assert.deepEqual(mergeFindings([found(8, 9), found(2, 4, 'a'), found(3, 6, 'b'), found(6, 7)]), [
      found(2, 7, 'a'),
      found(8, 9),
    ]);
  });
});

describe('splice', () => {
  it('puts a marker in place of each finding', () => {
    assert.equal(splice('abcdefgh', [found(1, 3), found(5, 8)], '*'), 'a*de*');
  });
  it('removes what is dropped', () => {
    assert.equal(splice('/x?a=1#b', [found(2, 6, 'query:drop')], '*'), '/x#b');
  });
});

describe('toOriginal', () => {
  it('carries offsets back, taking in the markers they touch', () => {
    const findings = [found(1, 3), found(5, 8)];
    // 'abcdefghi' became 'a**de**i' with the marker '**'.
    assert.deepEqual(toOriginal([found(3, 4)], findings, '**'), [found(3, 4)]);
    assert.deepEqual(toOriginal([found(2, 4)], findings, '**'), [found(1, 4)]);
    assert.deepEqual(toOriginal([found(4, 6)], findings, '**'), [found(4, 8)]);
    assert.deepEqual(toOriginal([found(7, 8)], findings, '**'), [found(8, 9)]);
  });
});
