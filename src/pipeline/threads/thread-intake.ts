// Made by start-pipeline.ts in the main thread: what came from a worker enters the pipeline behind the redaction guard, which it has passed there.
import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { type ThreadMessage, ThreadReader } from './span-message.ts';

export interface ThreadIntakeOptions {
  readonly resource: Resource;
  /** Told of every span, all of them sampled or kept. */
  readonly next: readonly SpanProcessor[];
  readonly addLog: (record: ReadableLogRecord) => void;
}

/** Makes the function that takes a message apart. */
export function createThreadIntake({ resource, next, addLog }: ThreadIntakeOptions): (message: ThreadMessage) => void {
  const reader = new ThreadReader(resource);
  return ({ threadId, items }) => {
    for (const item of items) {
      if ('log' in item) {
        addLog(reader.toLogRecord(item.log, threadId));
      } else if ('end' in item) {
        const span = reader.toSpan(item.end, threadId);
        for (const processor of next) processor.onEnd(span);
      } else {
        // The type of onStart promises a span that can still be written; those behind the guard only read.
        const span = reader.toSpan(item.start, threadId) as Span;
        for (const processor of next) processor.onStart(span, ROOT_CONTEXT);
      }
    }
  };
}
