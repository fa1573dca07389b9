// Read by whoever needs a timer, a file or the process after the start: Node's own, taken before the program runs. An application under test that
// fakes its timers must not stop ours, and one that replaces functions of node:fs (a test's fake disk) must not get our spans.

export const { process, setTimeout, clearTimeout, setImmediate, queueMicrotask } = globalThis;

export const { open, write, close, openSync, writeSync, closeSync, readSync } = process.getBuiltinModule('node:fs');
