// Called by start-pipeline.ts: logs where they are on, and not a file of them read where they are off. Twin of metrics/load-metrics.ts.
import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Config } from '../../config/config.ts';
import { type OtlpTarget, createOtlpSender } from '../../exporters/otlp/otlp-sender.ts';
import { reportInternalError } from '../../log/guard.ts';
import { estimateLogBytes } from '../../processors/log-bytes.ts';
import type { Redactor } from '../../redaction/create-redactor.ts';
import { Delivery } from '../delivery.ts';
import { isLogsOn } from '../logs-on.ts';
import { createObjectBuilder } from '../object-builder.ts';
import { toOtlpTarget } from '../otlp-target.ts';
import type { SpoolOfProcess } from '../spool/start-spool.ts';
import type { ThreadSender } from '../threads/thread-sender.ts';
import type * as startLogsModule from './start-logs.ts';

export interface LoadLogsOptions {
  readonly config: Config;
  /** Where they go in place of what the configuration says; turns them on. */
  readonly target?: OtlpTarget | undefined;
  readonly redactor: Redactor;
  readonly resource: Resource;
  readonly spool: SpoolOfProcess | undefined;
  /** Resolved when attributes of the resource that are found asynchronously are there; nothing is sent before. */
  readonly ready: Promise<unknown> | undefined;
  /** In a worker thread of a process that sends logs: takes the records, which are sent with those of the main thread. */
  readonly thread: Pick<ThreadSender, 'addLog'> | undefined;
}

/** Running logs. Disposing them takes them out of the process again, without waiting for what is on its way. */
export interface Logs extends Disposable {
  /** What waits to be sent; of a worker thread there is none. */
  readonly delivery: Delivery<ReadableLogRecord> | undefined;
}

/** Starts logs, or returns undefined where they are off. What goes wrong with them costs the logs and nothing else. */
export function loadLogs({
  config,
  target: given,
  redactor,
  resource,
  spool,
  ready,
  thread,
}: LoadLogsOptions): Logs | undefined {
  if (thread === undefined && given === undefined && !isLogsOn(config)) {
    if (config['logs.console'])
      diag.warn(
        'logs.console has no effect: logs are off; OTEL_LOGS_EXPORTER=otlp or export.otlp.logsEndpoint turns them on',
      );
    return undefined;
  }
  try {
    const { createLogsSignal, startLogs } = load();
    const delivery = thread === undefined ? createDelivery(createLogsSignal) : undefined;
    const started = startLogs({
      config,
      redactor,
      resource,
      onRecord: (record) => (thread === undefined ? delivery?.add(record) : thread.addLog(record)),
      reportInternalError,
    });
    return { delivery, [Symbol.dispose]: () => started[Symbol.dispose]() };
  } catch (error) {
    reportInternalError('the start of logs', error);
    return undefined;
  }

  function createDelivery(createSignal: typeof startLogsModule.createLogsSignal): Delivery<ReadableLogRecord> {
    const target = given ?? toOtlpTarget(config, 'logs');
    const signal = createSignal(target.protocol);
    return new Delivery<ReadableLogRecord>({
      destinations: [createOtlpSender({ ...target, redact: (text) => redactor.redact(text, 'client') }, signal)],
      createBuilder: () => createObjectBuilder({ encode: signal.encode, estimateBytes: estimateLogBytes }),
      noun: ['log record', 'log records'],
      delayMillis: config['logs.delayMillis'] ?? config['export.batch.delayMillis'],
      maxBatchItems: config['logs.maxRecords'] ?? config['export.batch.maxSpans'],
      maxQueueItems: config['logs.maxQueueRecords'] ?? config['export.batch.maxQueueSpans'],
      maxQueueBytes: config['export.batch.maxBytes'],
      patienceMillis: config['logs.timeoutMillis'] ?? config['export.batch.timeoutMillis'],
      spool,
      ready,
    });
  }
}

/** The build makes it a file beside the agent's; run from source, it is the TypeScript file. */
function load(): typeof startLogsModule {
  const path = import.meta.url.endsWith('.ts') ? './start-logs.ts' : './logs.cjs';
  return createRequire(import.meta.url)(path) as typeof startLogsModule;
}
