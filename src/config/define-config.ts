// Called by users in tracing.config.js and its like, for the types; also `@tracing/agent/config`.
import type { TracingConfig } from './config.ts';

/**
 * Gives a config file its types. It returns its argument and checks nothing: the agent reports every wrong value at the start.
 *
 * @example
 * export default defineConfig({ url: { redact: { keys: ['voucher'] } } });
 */
export function defineConfig(config: TracingConfig): TracingConfig {
  return config;
}
