// Called by the preload before anything else is read, and by whoever has to know what this Node can do.

/** `^22.18 || >=24`, as in package.json. */
export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 18);
}

/**
 * Whether a load hook does no harm in this Node.
 * @note Before 22.22.3 and 24.11.1, a load hook, whatever it does, breaks every `import` of a CommonJS module: nodejs/node#59929.
 */
export function canHookLoad(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const isFrom = (leastMinor: number, leastPatch: number): boolean =>
    minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
  return (
    major > 25 || (major === 25 && isFrom(1, 0)) || (major === 24 && isFrom(11, 1)) || (major === 22 && isFrom(22, 3))
  );
}
