// Used wherever the viewer reads JSON of strangers: what a value is, before anything is done with it.

/** True for an object that is no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The list itself, or an empty one. */
export function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text itself, or an empty one; without what a database or a terminal would stumble over. */
export function toText(value: unknown, maxLength: number): string {
  if (typeof value !== 'string') return '';
  return value.slice(0, maxLength).toWellFormed().replaceAll('\0', '\uFFFD');
}

/** A number between 0 and `max`, or 0. */
export function toCount(value: unknown, max: number): number {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 && number <= max ? number : 0;
}
