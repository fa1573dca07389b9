// Enabled by tracing.ts where `logs.console` is on: what the program prints with console becomes log records as well.
import { format } from 'node:util';
import { type Logger, SeverityNumber } from '@opentelemetry/api';
import { subscribe } from '../hooks/channels.ts';

const METHODS = [
  ['log', SeverityNumber.INFO],
  ['info', SeverityNumber.INFO],
  ['warn', SeverityNumber.WARN],
  ['error', SeverityNumber.ERROR],
  ['debug', SeverityNumber.DEBUG],
] as const;

/** Node publishes the arguments of a call before it prints them, of every `Console` of the process; nothing is replaced. */
export function enableConsole(logger: Logger): Disposable {
  let isFormatting = false;

  function emit(method: string, severityNumber: SeverityNumber, args: readonly unknown[]): void {
    // What is printed may have an inspect function of its own, and that may print.
    if (isFormatting) return;
    isFormatting = true;
    try {
      const exception = args.find((arg) => arg instanceof Error);
      logger.emit({
        severityNumber,
        severityText: method,
        body: format(...args),
        ...(exception !== undefined && { exception }),
      });
    } finally {
      isFormatting = false;
    }
  }

  return subscribe(
    Object.fromEntries(
      METHODS.map(([method, severity]) => [
        `console.${method}`,
        (args: readonly unknown[]) => emit(method, severity, args),
      ]),
    ),
  );
}
