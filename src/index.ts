// Public API, published as `@tracing/agent/config`. The only file that re-exports.
export { defineConfig } from './config/define-config.ts';
export type { Config, ConfigIssue, OptionKey, Origin, TracingConfig } from './config/config.ts';
export type { HookInfo, HookedSpan, HttpHooks } from './config/http-hooks.ts';
export type { FilteredRequest, UserUrlFilter } from './url-rules/url-filter.ts';
