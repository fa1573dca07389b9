// Called by start-pipeline.ts: logs where they are on, and not a file of them read where they are off. Twin of metrics/load-metrics.ts.
import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Config } from '../../config/config.ts';
import { createOtlpSender } from '../../exporters/otlp/otlp-sender.ts';
import { reportInternalError } from '../../log/guard.ts';
import { estimateLogBytes } from '../../processors/log-bytes.ts';
import type { Redactor } from '../../redaction/create-redactor.ts';
import { BatchProcessor } from '../batch-processor.ts';
import { isLogsOn } from '../logs-on.ts';
import { toOtlpTarget } from '../otlp-target.ts';
import type { ThreadSender } from '../threads/thread-sender.ts';
import type * as startLogsModule from './start-logs.ts';

export interface LoadLogsOptions {
  readonly config: Config;
  readonly redactor: Redactor;
  readonly resource: Resource;
  /** Resolved when attributes of the resource that are found asynchronously are there; nothing is sent before. */
  readonly ready: Promise<unknown> | undefined;
  /** In a worker thread of a process that sends logs: takes the records, which are sent with those of the main thread. */
  readonly thread: Pick<ThreadSender, 'addLog'> | undefined;
}

/** Running logs. Disposing them takes them out of the process again, without waiting for what is on its way. */
export interface Logs extends Disposable {
  /** What waits to be sent; of a worker thread there is none. */
  readonly batch: BatchProcessor<ReadableLogRecord> | undefined;
}

/** Starts logs, or returns undefined where they are off. What goes wrong with them costs the logs and nothing else. */
export function loadLogs({ config, redactor, resource, ready, thread }: LoadLogsOptions): Logs | undefined {
  if (thread === undefined && !isLogsOn(config)) {
    if (config['logs.console'])
      diag.warn(
        'logs.console has no effect: logs are off; OTEL_LOGS_EXPORTER=otlp or export.otlp.logsEndpoint turns them on',
      );
    return undefined;
  }
  try {
    const { createLogsSignal, startLogs } = load();
    const batch = thread === undefined ? createBatch(createLogsSignal) : undefined;
    const started = startLogs({
      config,
      redactor,
      resource,
      onRecord: (record) => (thread === undefined ? batch?.add(record) : thread.addLog(record)),
      reportInternalError,
    });
    return { batch, [Symbol.dispose]: () => started[Symbol.dispose]() };
  } catch (error) {
    reportInternalError('the start of logs', error);
    return undefined;
  }

  function createBatch(createSignal: typeof startLogsModule.createLogsSignal): BatchProcessor<ReadableLogRecord> {
    const target = toOtlpTarget(config, 'logs');
    const totalMillis = config['logs.timeoutMillis'] ?? config['export.batch.timeoutMillis'];
    return new BatchProcessor<ReadableLogRecord>({
      destination: createOtlpSender(
        { ...target, totalMillis, redact: (text) => redactor.redact(text, 'client') },
        createSignal(target.protocol),
      ),
      noun: ['log record', 'log records'],
      delayMillis: config['logs.delayMillis'] ?? config['export.batch.delayMillis'],
      maxBatchItems: config['logs.maxRecords'] ?? config['export.batch.maxSpans'],
      maxQueueItems: config['logs.maxQueueRecords'] ?? config['export.batch.maxQueueSpans'],
      maxQueueBytes: config['export.batch.maxBytes'],
      estimateBytes: estimateLogBytes,
      ready,
    });
  }
}

/** The build makes it a file beside the agent's; run from source, it is the TypeScript file. */
function load(): typeof startLogsModule {
  const path = import.meta.url.endsWith('.ts') ? './start-logs.ts' : './logs.cjs';
  return createRequire(import.meta.url)(path) as typeof startLogsModule;
}
