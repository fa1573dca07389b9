// Tests of how long work takes ask here: a busy machine makes the clock on the wall run on, but gives nobody more of a processor.

/** Milliseconds of processor time that `run` takes. */
export function cpuMillisOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
