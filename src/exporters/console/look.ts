// What every renderer needs to know of the place it writes to; made anew for each block, since a terminal can change its width.
import { createPaint, type Paint } from './palette.ts';
import { createLayout, renderText, type Cell, type Layout } from './row.ts';
import { formatClock } from './time-text.ts';

/** The part of the console's options that decides how text looks. */
export interface LookOptions {
  /** Columns of the terminal, undefined where it does not say. */
  columns(): number | undefined;
  color: boolean;
  isTerminal: boolean;
  verbose: boolean;
  timestamps: boolean;
  /** The folder that places in the user's code are shown relative to; without it they are shown as recorded. */
  cwd?: string;
}

/** The look of one block. */
export interface Look {
  layout: Layout;
  paint: Paint;
  verbose: boolean;
  timestamps: boolean;
  cwd: string | undefined;
}

/** Returns a function that measures the terminal and gives the look of the next block. */
export function createLook(options: LookOptions): () => Look {
  const paint = createPaint(options.color);
  const { verbose, timestamps, cwd, isTerminal } = options;
  return () => ({
    layout: createLayout(isTerminal ? options.columns() : undefined, isTerminal),
    paint,
    verbose,
    timestamps,
    cwd,
  });
}

/** Returns the clock that a top-level line begins with, or nothing where timestamps are off. */
export function toClockCells(epochMillis: number, { timestamps }: Look): Cell[] {
  return timestamps ? [{ text: `${formatClock(epochMillis)}  `, style: 'dim' }] : [];
}

/** Returns a dim line that begins with the clock. */
export function renderNote(text: string, epochMillis: number, look: Look): string {
  return renderText([...toClockCells(epochMillis, look), { text, style: 'dim' }], look.layout, look.paint);
}
