// Called by flatten.ts and check-variables.ts: names that are documented, but not rows of the table yet, or without effect in Node.
// A name leaves this list when its row arrives; a test sees to it.

/** Keys of a config file, or the sections they are in, that a later version reads. */
export const LATER_KEYS: readonly string[] = [
  'console.minLogLevel',
  'console.spanStyle',
  'console.showProjectLink',
  'console.showSummary',
];

/** Variables that a later version reads. */
export const LATER_VARIABLES: readonly string[] = [
  'LOGFIRE_CONSOLE_MIN_LOG_LEVEL',
  'LOGFIRE_CONSOLE_SPAN_STYLE',
  'LOGFIRE_CONSOLE_SHOW_PROJECT_LINK',
  'LOGFIRE_SHOW_SUMMARY',
];

/** Variables of Logfire's other SDKs that mean nothing here. */
export const WITHOUT_EFFECT =
  /^LOGFIRE_(?:PYDANTIC_PLUGIN_\w+|INSPECT_ARGUMENTS|IGNORE_NO_CONFIG|API_KEY|MIN_LEVEL|REGION)$/u;

/** Variables that are read outside the table. */
export const OTHER_VARIABLES: readonly string[] = ['TRACING_CONFIG', 'TRACING_THROW_INTERNAL_ERRORS'];
