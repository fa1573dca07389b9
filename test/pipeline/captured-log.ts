// Tests of what the agent says use this: our own log in OpenTelemetry's diag, its lines in a list.
import type { TestContext } from 'node:test';
import { type LogLevel, createLog, useAsDiag } from '../../src/log/log.ts';

/** Collects the lines said until the test ends. */
export function captureLog(t: Pick<TestContext, 'after'>, level: LogLevel = 'warn'): string[] {
  const lines: string[] = [];
  const voice = useAsDiag(createLog({ level, redact: (text) => text, write: (line) => void lines.push(line) }), level);
  t.after(() => voice[Symbol.dispose]());
  return lines;
}
