// Between every meter of the process, the application's too, and what is exported: no text of a metric leaves with a secret in it.
import type { Attributes } from '@opentelemetry/api';
import type { IAttributesProcessor, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Redactor } from '../redaction/create-redactor.ts';

/** Beyond this many an application makes its values up as it goes: the memory starts afresh. */
const MAX_CLEAN_VALUES = 4000;

/**
 * Redacts attributes as they are measured. Not at the export: series that become the same must be one before they are summed up.
 * A clean value is read once, as an instrument sees the same few again and again.
 */
export function createMetricAttributeRedaction(redactor: Redactor): IAttributesProcessor {
  const clean = new Map<string, Set<string>>();
  let cleanValues = 0;

  function redactText(name: string, value: string): string {
    const known = clean.get(name);
    if (known?.has(value) === true) return value;
    const redacted = redactor.redactAttribute(name, value);
    if (redacted !== value) return redacted;
    if (cleanValues === MAX_CLEAN_VALUES) {
      clean.clear();
      cleanValues = 0;
    }
    const values = clean.get(name) ?? new Set();
    clean.set(name, values.add(value));
    cleanValues++;
    return value;
  }

  function redactValue(name: string, value: Attributes[string]): Attributes[string] {
    if (typeof value === 'string') return redactText(name, value);
    // Bytes cannot be read for secrets, so they are one.
    if (value instanceof Uint8Array) return redactor.marker;
    return typeof value === 'object' ? redactor.redactAttribute(name, value) : value;
  }

  return {
    process(incoming) {
      const attributes: Attributes = {};
      for (const name in incoming) {
        const value = redactValue(name, incoming[name]);
        // As a value of its own name a clean name is remembered like any other.
        if (value !== undefined) attributes[redactText('', name)] = value;
      }
      return attributes;
    },
  };
}

/** Redacts the other texts of what was collected: names, descriptions and units of instruments, and the scopes they belong to. */
export function redactMetrics({ resource, scopeMetrics }: ResourceMetrics, redactor: Redactor): ResourceMetrics {
  const redact = (text: string): string => redactor.redact(text, 'string');
  const redactScope = ({ scope, metrics }: ScopeMetrics): ScopeMetrics => ({
    scope: {
      name: redact(scope.name),
      ...(scope.version !== undefined && { version: redact(scope.version) }),
      ...(scope.schemaUrl !== undefined && { schemaUrl: redactor.redact(scope.schemaUrl, 'client') }),
    },
    metrics: metrics.map((metric) => {
      const { name, description, unit, valueType } = metric.descriptor;
      const descriptor = { name: redact(name), description: redact(description), unit: redact(unit), valueType };
      return { ...metric, descriptor };
    }),
  });
  return { resource, scopeMetrics: scopeMetrics.map(redactScope) };
}
