// Called by the preload before anything else is read.

/** `^22.18 || >=24`, as in package.json. */
export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 18);
}
