// Called by the tracer and by spans: the attributes that callers give, checked as the SDK checks them, and faster where they are plain.
import type { AttributeValue, Attributes } from '@opentelemetry/api';
import { AddAttributeDecision, maybeAddAttribute } from '@opentelemetry/core';

/** Attributes that belong to a span, how many there are, and how many of those given are not among them. */
export interface OwnAttributes {
  readonly attributes: Attributes;
  readonly count: number;
  readonly dropped: number;
}

const NO_LIMITS = { attributeCountLimit: Infinity, attributeValueLengthLimit: Infinity };

/** Whether a value is whole by itself: it needs no check and no copy. */
export function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Whether an attribute can be set without a look at it. */
export function isPlainEntry(name: string, value: unknown): boolean {
  return isPlain(value) && name !== '' && name !== '__proto__';
}

/**
 * A deep copy of those that OpenTelemetry allows. Undefined values are left out without a word; others, and empty names, with a
 * warning. Limits are not looked at.
 */
export function copyAttributes(given: Attributes | undefined): OwnAttributes {
  const attributes: Attributes = {};
  let dropped = 0;
  if (typeof given === 'object' && given !== null) {
    for (const name of Object.keys(given)) {
      const value = given[name];
      if (value !== undefined && !addAttribute(attributes, name, value)) dropped++;
    }
  }
  // Not what was added: `__proto__` is a name that cannot be.
  return { attributes, count: Object.keys(attributes).length, dropped };
}

/** Says whether it could be added, and warns where it could not. */
function addAttribute(attributes: Attributes, name: string, value: AttributeValue): boolean {
  if (isPlainEntry(name, value)) {
    attributes[name] = value;
    return true;
  }
  const decision = maybeAddAttribute({ key: name, value, attributes, limits: NO_LIMITS, currentAttributesCount: 0 });
  return decision === AddAttributeDecision.ADD_NEW || decision === AddAttributeDecision.ADD_OVERWRITE_EXISTING;
}
