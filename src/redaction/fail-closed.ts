// createRedactor returns this instead of a text that it cannot judge: an input that is no string, or a failure of its own.

const SAFE_ORIGIN =
  /^(?:https?|wss?):\/\/(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}(?::\d{1,5})?(?=[/?#]|$)/i;

/** Returns `scheme://host/` and the marker where scheme and host are plainly those of a URL without userinfo, else the marker. */
export function failClosed(input: unknown, marker: string): string {
  if (typeof input !== 'string') return marker;
  const origin = SAFE_ORIGIN.exec(input.slice(0, 512))?.[0];
  return origin === undefined || input.includes('@') ? marker : `${origin}/${marker}`;
}
