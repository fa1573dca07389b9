// Used by the tracer provider, tracers and spans: what `console.log` and `util.inspect` show of them.
import type { InspectOptionsStylized, inspect } from 'node:util';
import type { Attributes } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';

/** The name of the method that `util.inspect` calls. */
export const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/** What `util.inspect` calls that method with. */
export type InspectArguments = [depth: number, options: InspectOptionsStylized, inspect: typeof inspect];

/** `name {facts}`, as deep as was asked for. */
export function toInspected(name: string, facts: object, [depth, options, inspect]: InspectArguments): string {
  if (depth < 0) return options.stylize(`[${name}]`, 'special');
  return `${name} ${inspect(facts, { ...options, depth: options.depth == null ? options.depth : options.depth - 1 })}`;
}

/** What is known of a resource by now. Its own `attributes` complains about those that are still being found out. */
export function toSettledAttributes(resource: Resource): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of resource.getRawAttributes()) {
    if (value == null || (typeof value === 'object' && 'then' in value)) continue;
    attributes[name] ??= value;
  }
  return attributes;
}
