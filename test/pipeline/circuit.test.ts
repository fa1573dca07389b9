import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Circuit } from '../../src/pipeline/circuit.ts';

suite('Circuit', () => {
  test('is open from a failure to the next success', () => {
    const circuit = new Circuit();
    assert.equal(circuit.isOpen, false);
    circuit.fail(undefined);
    circuit.fail(undefined);
    assert.equal(circuit.isOpen, true);
    circuit.close();
    assert.equal(circuit.isOpen, false);
  });

  test('waits grow by half from one second to ten, a fifth more or less, and start anew after a success', () => {
    const waits = (random: number): number[] => {
      const circuit = new Circuit(() => random);
      return Array.from({ length: 9 }, () => circuit.fail(undefined));
    };
    assert.deepEqual(waits(0.5), [1000, 1500, 2250, 3375, 5063, 7594, 10_000, 10_000, 10_000]);
    assert.deepEqual([waits(0)[0], waits(0)[8]], [800, 8000]);
    assert.deepEqual([waits(0.999_999_9)[0], waits(0.999_999_9)[8]], [1200, 12_000]);
    const circuit = new Circuit(() => 0.5);
    circuit.fail(undefined);
    circuit.fail(undefined);
    circuit.close();
    assert.equal(circuit.fail(undefined), 1000);
  });

  test('waits as long as the receiver asks for', () => {
    const circuit = new Circuit();
    assert.deepEqual([circuit.fail(0), circuit.fail(30_000)], [0, 30_000]);
  });
});
