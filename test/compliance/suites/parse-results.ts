// Called by run-command.ts: what a test runner printed -> one result per test.

export type Outcome = 'pass' | 'fail' | 'skip';

export interface TestResult {
  /** The titles of its suites and its own; a title that a file has twice gets ` #2`. */
  title: string;
  outcome: Outcome;
  /** Of a failure, as the test runner said it. */
  reason?: string;
}

/**
 * What a command prints: `mocha-json` of `mocha --reporter json`, `test-lines` of our own reporter for node:test, `tap` of node:test, tape,
 * ava, lab and many others, `exit-code` of programs that are one test each and print whatever they like.
 */
export type Format = 'mocha-json' | 'test-lines' | 'tap' | 'exit-code';

const PARSERS: Readonly<Record<Format, (output: string) => TestResult[]>> = {
  'mocha-json': parseMochaJson,
  'test-lines': parseTestLines,
  tap: parseTap,
  'exit-code': () => [],
};

/** True for the name of a format. */
export const isFormat = (name: string): name is Format => Object.hasOwn(PARSERS, name);

/** The results in `output`, in its order and with titles that are unique; empty where it holds none. */
export function parseResults(format: Format, output: string): TestResult[] {
  const counts = new Map<string, number>();
  const results = PARSERS[format](output);
  for (const result of results) {
    const count = (counts.get(result.title) ?? 0) + 1;
    counts.set(result.title, count);
    if (count > 1) result.title += ` #${count}`;
  }
  return results;
}

interface MochaTest {
  fullTitle: string;
  err: { stack?: string; message?: string };
}

function parseMochaJson(output: string): TestResult[] {
  // Tests print to the same place, before and after: the report begins at the last line that is a lone bracket and has its first key.
  const begin = output.lastIndexOf('{\n  "stats": {');
  const end = output.indexOf('\n}', begin);
  if (begin < 0 || end < 0) return [];
  const { tests, pending, failures } = JSON.parse(output.slice(begin, end + 2)) as Record<string, MochaTest[]>;
  const skipped = new Set(pending?.map(({ fullTitle }) => fullTitle));
  const results = (tests ?? []).map(({ fullTitle, err }): TestResult => {
    const reason = err.stack ?? err.message;
    if (reason !== undefined) return { title: fullTitle, outcome: 'fail', reason };
    return { title: fullTitle, outcome: skipped.has(fullTitle) ? 'skip' : 'pass' };
  });
  // Hooks that fail are no tests and stand among the failures only.
  const known = new Set(results.map(({ title }) => title));
  for (const { fullTitle, err } of failures ?? []) {
    if (!known.has(fullTitle))
      results.push({ title: fullTitle, outcome: 'fail', reason: err.stack ?? err.message ?? '' });
  }
  return results;
}

function parseTestLines(output: string): TestResult[] {
  return (
    output
      .split('\n')
      // The last line of a run that was cut short may be half a line.
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as TestResult)
  );
}

const TAP_LINE = /^(\s*)(not )?ok\b(?: +\d+)?(?: +-)? *(.*?)(?: +# *(skip|todo)\b.*)?$/i;

function parseTap(output: string): TestResult[] {
  const results: TestResult[] = [];
  const parents: { depth: number; title: string }[] = [];
  for (const line of output.split('\n')) {
    const [, indent, subtest] = /^(\s*)# Subtest: (.*)$/.exec(line) ?? [];
    if (indent !== undefined && subtest !== undefined) {
      leave(parents, indent.length);
      parents.push({ depth: indent.length, title: subtest });
      continue;
    }
    const [matched, space = '', not, title = '', directive] = TAP_LINE.exec(line) ?? [];
    if (matched === undefined) {
      const last = results.at(-1);
      if (last?.outcome === 'fail') last.reason = `${last.reason ?? ''}${line}\n`;
      continue;
    }
    leave(parents, space.length);
    const failed = not !== undefined && directive?.toLowerCase() !== 'todo';
    results.push({
      title: [...parents.map((parent) => parent.title), title].join(' > '),
      outcome: directive?.toLowerCase() === 'skip' ? 'skip' : failed ? 'fail' : 'pass',
    });
  }
  return results;
}

function leave(parents: { depth: number }[], depth: number): void {
  while ((parents.at(-1)?.depth ?? -1) >= depth) parents.pop();
}
