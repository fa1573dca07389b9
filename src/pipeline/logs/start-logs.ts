// Loaded by load-logs.ts only where logs are on: a bundle of its own, with the SDK's logs and their encoding.
import { type Logger, type LoggerProvider, logs } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { type ReadableLogRecord, LoggerProvider as SdkLoggerProvider } from '@opentelemetry/sdk-logs';
import type { Config } from '../../config/config.ts';
import { createLogRedaction } from '../../processors/log-redaction.ts';
import type { Redactor } from '../../redaction/create-redactor.ts';
import { registerForOlderApi } from './older-api.ts';

export { createLogsSignal } from '../../exporters/otlp/otlp-logs.ts';

export interface LogsOptions {
  readonly config: Config;
  readonly redactor: Redactor;
  readonly resource: Resource;
  /** Gets every record, clean and never changed again. */
  readonly onRecord: (record: ReadableLogRecord) => void;
  /** A bundle has its own copy of log/guard.ts, which does not know whether internal errors are thrown. */
  readonly reportInternalError: (where: string, error: unknown) => void;
}

/**
 * Builds the logger provider and registers it for the process: what the application and the instrumentations of its loggers emit is redacted
 * before the SDK makes a record of it. Disposing it takes it out again.
 */
export function startLogs({ config, redactor, resource, onRecord, reportInternalError }: LogsOptions): Disposable {
  const valueLength = config['limits.attributeValueLength'];
  const provider = new SdkLoggerProvider({
    resource,
    logRecordLimits: {
      attributeCountLimit: config['limits.attributeCount'],
      // What the SDK cuts is clean already. It takes 0 for a mistake.
      ...(valueLength !== undefined && { attributeValueLengthLimit: Math.max(1, valueLength) }),
    },
    processors: [{ onEmit: onRecord, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() }],
  });
  const redaction = createLogRedaction(redactor);

  function guardLogger(logger: Logger): Logger {
    return {
      emit(record) {
        try {
          logger.emit(redaction.redactRecord(record));
        } catch (error) {
          reportInternalError('a log record', error);
        }
      },
      enabled: (options) => logger.enabled(options),
    };
  }

  const guarded: LoggerProvider = {
    getLogger(name, version, options) {
      const scope = redaction.redactScope({ name, version, options });
      return guardLogger(provider.getLogger(scope.name, scope.version, scope.options));
    },
  };
  logs.setGlobalLoggerProvider(guarded);
  const older = registerForOlderApi(guarded);
  return {
    [Symbol.dispose]() {
      void provider.shutdown();
      logs.disable();
      older[Symbol.dispose]();
    },
  };
}
