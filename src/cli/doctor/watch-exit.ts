// Used by the probe: notes when the program ends itself.
import type { ProcessReport } from './report.ts';

/** Notes the first process.exit(); `countOpen` counts the spans that are open at that moment. */
export function watchExit(countOpen: () => number): () => ProcessReport['exit'] {
  let noted: ProcessReport['exit'];
  const { exit } = process;
  process.exit = function (code) {
    noted ??= { atMillis: Math.round(performance.now()), openSpans: countOpen() };
    return Reflect.apply(exit, process, [code]);
  };
  return () => noted;
}
