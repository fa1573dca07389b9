// Used wherever a service is shown: one colour for each, in the order in which they come up; there are eight, then they begin anew.
const COUNT = 8;
const numbers = new Map<string, number>();

/** A class that sets `--service`; see styles/palette.css. */
export function toServiceClass(service: string): string {
  const number = numbers.get(service) ?? numbers.size;
  numbers.set(service, number);
  return `service-${number % COUNT}`;
}

/** The colour itself, for a canvas. */
export function readColor(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}
