// Used by the probe and by look.ts: which copy of OpenTelemetry's API everybody else is registered with.

/** The version of @opentelemetry/api under which everything is registered: a newer copy of it would not see any of that. */
export function readRegisteredApi(): string | undefined {
  const api: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'));
  return typeof api === 'object' && api !== null && 'version' in api && typeof api.version === 'string'
    ? api.version
    : undefined;
}
