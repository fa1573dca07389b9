import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { suite, test } from 'node:test';
import { createEventWatch } from '../../src/hooks/request-events.ts';

const createWatched = (): { emitter: EventEmitter; seen: unknown[] } => {
  const seen: unknown[] = [];
  const emitter = new EventEmitter();
  createEventWatch((_, name, argument) => seen.push([name, argument, emitter.listenerCount(name)]))(emitter);
  return { emitter, seen };
};

suite('watching the events of an emitter', () => {
  test('sees them before the listeners, with `this`, arguments and results as without it', () => {
    const { emitter, seen } = createWatched();
    const heard: unknown[] = [];
    emitter.once('data', function (this: unknown, ...args: unknown[]) {
      heard.push(this === emitter, args, seen.length);
    });
    assert.equal(emitter.emit('data', 1, 2), true);
    assert.equal(emitter.emit('data', 3), false);
    assert.deepEqual(heard, [true, [1, 2], 1]);
    assert.deepEqual(seen, [
      ['data', 1, 1],
      ['data', 3, 0],
    ]);
  });

  test('is no listener, and nothing that is printed or listed', () => {
    const { emitter } = createWatched();
    assert.deepEqual(emitter.eventNames(), []);
    assert.deepEqual(Object.keys(emitter), Object.keys(new EventEmitter()));
    assert.deepEqual([emitter.emit.name, emitter.emit.length], ['emit', new EventEmitter().emit.length]);
  });

  test('lets what listeners throw through, and an error that nobody hears', () => {
    const { emitter } = createWatched();
    emitter.on('data', () => {
      throw new RangeError('of a listener');
    });
    assert.throws(() => emitter.emit('data'), /of a listener/);
    assert.throws(() => emitter.emit('error', new TypeError('unheard')), /unheard/);
  });

  test('lets an object that inherits from the emitter emit, with an `emit` of its own or without', () => {
    const { emitter } = createWatched();
    const heard: unknown[] = [];
    emitter.on('data', function (this: unknown, value: unknown) {
      heard.push([this, value]);
    });
    const heir = Object.create(emitter) as EventEmitter;
    const wrapper = Object.assign(Object.create(emitter) as EventEmitter, {
      emit: (...args: Parameters<EventEmitter['emit']>) => emitter.emit.apply(wrapper, args),
    });
    assert.equal(heir.emit('data', 1), true);
    assert.equal(wrapper.emit('data', 2), true);
    assert.deepEqual(heard, [
      [heir, 1],
      [wrapper, 2],
    ]);
  });

  test('goes through an `emit` that was there before', () => {
    const seen: string[] = [];
    const emitter = new EventEmitter();
    emitter.emit = function (name, ...args) {
      seen.push(`before ${String(name)}`);
      return EventEmitter.prototype.emit.call(this, name, ...args);
    };
    createEventWatch((_, name) => seen.push(`watched ${name}`))(emitter);
    emitter.emit('close');
    assert.deepEqual(seen, ['watched close', 'before close']);
  });
});
