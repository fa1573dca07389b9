// Used by the tests of docs/: the pages that a reader gets, and the fenced blocks in them.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** A page by its path from the root of the project. */
export interface Page {
  readonly name: string;
  readonly text: string;
}

export interface Block {
  readonly page: string;
  /** Where the block's fence is. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** README.md and every page of docs/. */
export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
].map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

/** Every fenced block of every page. */
export const blocks: readonly Block[] = pages.flatMap(({ name, text }) =>
  [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(({ 1: language = '', 2: block = '', index }) => ({
    page: name,
    line: text.slice(0, index).split('\n').length,
    language,
    text: block,
  })),
);

/** A line of a shell that begins with variables: these, and the command behind them. */
export interface ShellLine {
  readonly env: Readonly<Record<string, string>>;
  readonly command: string;
}

/** Reads `NAME=value NAME='two words' command …`; what a page leaves out (`…`) is some letters. */
export function readShellLine(line: string): ShellLine {
  const env: Record<string, string> = {};
  let rest = line.replace(/ +# .*$/, '').replaceAll('…', 'abc');
  for (;;) {
    const found = /^([A-Z_]+)=(?:'([^']*)'|(\S*)) */.exec(rest);
    if (found === null) return { env, command: rest };
    env[found[1] ?? ''] = found[2] ?? found[3] ?? '';
    rest = rest.slice(found[0].length);
  }
}
