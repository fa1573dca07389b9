// Required before the agent by tests of what arrives at the end: on a busy machine the second that the agent holds a leaving process for may be over
// before its worker thread has run at all. Waits of twenty times as long; what is answered in time is not held any longer.
const { wait } = Atomics;
const PATIENCE = 20;

Atomics.wait = (cells, index, value, millis) =>
  wait(cells, index, value, millis === undefined ? millis : millis * PATIENCE);
