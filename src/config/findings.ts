// Called while the configuration is read: collects the issues and decides whether redaction has to fail closed.
import { relative, sep } from 'node:path';
import type { ConfigIssue, Origin } from './config.ts';

// A file of a megabyte could hold a hundred thousand mistakes; nobody reads more than these.
const MAX_ISSUES = 50;

/** The origin of a value in a file. */
export interface FileOrigin {
  readonly file: string;
  readonly line?: number;
}

/** The issues of one reading of the configuration. */
export class Findings {
  readonly #cwd: string;
  readonly #issues: ConfigIssue[] = [];
  #urlHidden = false;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** Redaction fails closed: something that may hide secrets was not understood. */
  get urlHidden(): boolean {
    return this.#urlHidden;
  }

  /** Adds an issue; `hidesUrls` if it may concern redaction. */
  add(issue: ConfigIssue, hidesUrls: boolean): void {
    this.#issues.push(issue);
    this.#urlHidden ||= hidesUrls;
  }

  /** The origin of a value in a file, whose name is short if it lies in the working directory. */
  toOrigin(path: string, line: number | undefined): FileOrigin {
    const short = relative(this.#cwd, path);
    const file = short === '..' || short.startsWith(`..${sep}`) ? path : short;
    return line === undefined ? { file } : { file, line };
  }

  /** All issues: those of the file by line, then those of variables; at the end what follows for URLs. */
  toList(): readonly ConfigIssue[] {
    const sorted = this.#issues.toSorted((a, b) => toRank(a.origin) - toRank(b.origin));
    const list = sorted.slice(0, MAX_ISSUES);
    const more = sorted.length - list.length;
    if (more > 0) list.push({ level: 'warn', message: `and ${more} more of the kind`, origin: 'default' });
    if (this.#urlHidden) {
      const message = 'until the configuration of url is mended, every value in a URL that might be secret is hidden';
      list.push({ level: 'warn', message, key: 'url', origin: 'default' });
    }
    return list;
  }
}

/** A key of the section that decides what is hidden. */
export function isUrlKey(key: string): boolean {
  return key === 'url' || key.startsWith('url.');
}

/** How a report names an origin: `.tracingrc:14`, `OTEL_LOG_LEVEL`. */
export function toPlace(origin: Origin): string {
  if (origin === 'default') return 'default';
  if ('variable' in origin) return origin.variable;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

function toRank(origin: Origin): number {
  if (origin === 'default' || 'variable' in origin) return Infinity;
  return origin.line ?? 0;
}
