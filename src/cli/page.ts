// Used by every command that prints for a person: colours only where they are wanted, columns that align, lines that fit.
import { decideColor } from '../exporters/console/decide-color.ts';
import { cut, displayWidth, toVisible } from '../exporters/console/display-text.ts';
import { type Paint, type Style, createPaint } from '../exporters/console/palette.ts';
import { readEnv } from '../config/read-env.ts';

const MOST_COLUMNS = 100;
const LEAST_COLUMNS = 60;

/** A text, and how it looks. What is not printable in it is written out. */
export type Cell = string | readonly [style: Style, text: string];

/** Where a command prints to. */
export interface Page {
  readonly columns: number;
  readonly paint: Paint;
  /** Prints one line. */
  line(...cells: readonly Cell[]): void;
  /** Prints text that is broken between words, every line behind `indent` blanks, or the first one behind `mark`. */
  text(text: string, options?: { readonly indent?: number; readonly mark?: Cell; readonly style?: Style }): void;
  /** Prints rows whose cells stand below each other; the last one is broken between words where it does not fit. */
  table(rows: ReadonlyArray<readonly Cell[]>, options?: { readonly indent?: number }): void;
}

/** The page on stdout. */
export function createPage(): Page {
  const isTerminal = process.stdout.isTTY;
  const paint = createPaint(decideColor({ env: readEnv(), option: 'auto', isTerminal }));
  const columns = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, process.stdout.columns || MOST_COLUMNS));
  const print = (cell: Cell, width = 0): string => {
    const text = toText(cell);
    return paint(toStyle(cell), text) + ' '.repeat(Math.max(0, width - displayWidth(text)));
  };
  const write = (line: string): void => console.log(line.trimEnd());

  const page: Page = {
    columns,
    paint,
    line: (...cells) => write(cells.map((cell) => print(cell)).join('')),
    text(text, { indent = 0, mark = '', style = 'plain' } = {}) {
      for (const [index, line] of wrap(toVisible(text), columns - indent).entries()) {
        write((index === 0 ? print(mark, indent) : ' '.repeat(indent)) + paint(style, line));
      }
    },
    table(rows, { indent = 0 } = {}) {
      const widths: number[] = [];
      for (const row of rows) {
        for (const [at, cell] of row.slice(0, -1).entries())
          widths[at] = Math.max(widths[at] ?? 0, displayWidth(toText(cell)));
      }
      for (const row of rows) {
        const head = row.slice(0, -1);
        const last = row.at(-1) ?? '';
        const start = head.reduce((sum, _, at) => sum + (widths[at] ?? 0) + GAP, indent);
        const lines = wrap(toText(last), Math.max(20, columns - start));
        const before = ' '.repeat(indent) + head.map((cell, at) => print(cell, (widths[at] ?? 0) + GAP)).join('');
        for (const [index, line] of lines.entries())
          write((index === 0 ? before : ' '.repeat(start)) + paint(toStyle(last), line));
      }
    },
  };
  return page;
}

const GAP = 2;

const toStyle = (cell: Cell): Style => (typeof cell === 'string' ? 'plain' : cell[0]);
const toText = (cell: Cell): string => toVisible(typeof cell === 'string' ? cell : cell[1]);

/** Lines of at most `width` columns; a word that is longer is broken where it must be. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (displayWidth(line) > width) {
      const piece = cut(line, width + 1).slice(0, -1) || line.slice(0, width);
      lines.push(piece);
      line = line.slice(piece.length);
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** Prints what a program reads. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
