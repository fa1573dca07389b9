// The engine calls findSql on every layer of a text that is no URL: statements that set a password without a `=`.
import type { Scan } from './scan.ts';

const STATEMENT =
  /\b(?:password|passwd|identified[ \t]{1,4}by|credentials)[ \t]{1,4}(?:as[ \t]{1,4})?'([^'\s]{1,512})'/gi;

/** Reports the literal of `ALTER USER x PASSWORD 'y'`, `IDENTIFIED BY 'y'` and Redshift's `CREDENTIALS 'y'`. */
export function findSql(scan: Scan): void {
  if (scan.isUrl || !scan.text.includes(" '")) return;
  for (const match of scan.text.matchAll(STATEMENT)) {
    const end = match.index + match[0].length - 1;
    scan.report(end - (match[1] ?? '').length, end, 'sql:password');
  }
}
