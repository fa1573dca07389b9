// Called by start-pipeline.ts: the parts of OpenTelemetry's SDK that options choose.
import type { SpanLimits } from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';

/** `limits.*`, as the SDK names them, but for the length of values: redaction must see them whole (redaction-guard.ts). */
export function toSpanLimits(config: Config): SpanLimits {
  return {
    attributeCountLimit: config['limits.attributeCount'],
    eventCountLimit: config['limits.eventCount'],
    linkCountLimit: config['limits.linkCount'],
    attributePerEventCountLimit: config['limits.attributePerEventCount'],
    attributePerLinkCountLimit: config['limits.attributePerLinkCount'],
  };
}
