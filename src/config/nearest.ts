// Called for names that nobody knows: finds the name that was probably meant.
import leven from 'leven';

// Longer names are not mistypings, and the distance of two long texts costs their product.
const MAX_LENGTH = 80;

/** The known name that is nearest to `name`, or undefined where none is near. */
export function findNearest(name: string, known: readonly string[], separator: '.' | '_'): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const lower = name.toLowerCase();
  const maxDistance = Math.max(2, Math.floor(name.length / 5));
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = leven(lower, candidate.toLowerCase());
    if (distance <= maxDistance && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name ?? findByEdge(lower, known, separator);
}

// `redact.keys` for `url.redact.keys`, `LOGFIRE_URL_REDACT` for `LOGFIRE_URL_REDACT_KEYS`; only where one name alone fits.
function findByEdge(lower: string, known: readonly string[], separator: string): string | undefined {
  const last = lower.slice(lower.lastIndexOf('.') + 1);
  const edges: readonly ((candidate: string) => boolean)[] = [
    (candidate) => candidate.endsWith(separator + lower),
    (candidate) => lower.includes(separator) && candidate.startsWith(lower + separator),
    (candidate) => separator === '.' && candidate.endsWith(`.${last}`),
  ];
  for (const fits of edges) {
    const found = known.filter((candidate) => fits(candidate.toLowerCase()));
    if (found.length === 1) return found[0];
  }
  return undefined;
}
