// Tests hand their sinks, backends and programs to this, so that none outlives them. (`await using` would do, but Node 22 cannot parse it.)
import type { TestContext } from 'node:test';

/** Waits for a resource to start and disposes of it when the test ends: `const sink = await closeAfter(t, startSink())`. */
export async function closeAfter<T extends AsyncDisposable>(
  t: Pick<TestContext, 'after'>,
  starting: Promise<T>,
): Promise<T> {
  const resource = await starting;
  t.after(() => resource[Symbol.asyncDispose]());
  return resource;
}
