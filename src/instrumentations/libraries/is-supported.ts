// In every bundle of a library: whether a version is one that its instrumentation knows.
import satisfies from 'semver/functions/satisfies.js';

/** Whether a version lies in one of the ranges. */
export function isSupported(version: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => satisfies(version, range));
}
