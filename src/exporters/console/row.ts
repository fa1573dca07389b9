// The columns of the console: a label that is cut, a status and a duration that are right-aligned, and a tail for the bar or a summary.
import { cut, displayWidth } from './display-text.ts';
import type { Paint, Style } from './palette.ts';

/** A piece of visible text with its style; the text is already free of control characters. */
export interface Cell {
  text: string;
  style: Style;
}

/** One line with the four columns. `keep` follows the label and survives when the label is cut. */
export interface Row {
  label: readonly Cell[];
  keep?: Cell;
  status: Cell;
  duration: string;
  tail: readonly Cell[];
}

/** Where the columns stand. `width` is Infinity where there is no terminal: then nothing is cut. */
export interface Layout {
  width: number;
  /** The column after the status. */
  statusEnd: number;
  tailWidth: number;
  /** 0: no bars. */
  barWidth: number;
}

const MIN_WIDTH = 60;
const DEFAULT_WIDTH = 80;
const GAP = '  ';
const DURATION_WIDTH = 7;
const BESIDE_STATUS = 2 * GAP.length + DURATION_WIDTH;
const MAX_STATUS = 24;
/** Further right, a status is too far from its label to be read with it. */
const MAX_STATUS_END = 125;
/** Room for a bar of ten columns and its mark; for `2 calls · 61 ms waiting`. */
const TAIL = { bar: 13, summary: 24, none: 2 };

/** Returns the columns for a terminal of that width, or the ones of text that goes to a file. */
export function createLayout(columns: number | undefined, isTerminal: boolean): Layout {
  if (!isTerminal) return { width: Infinity, statusEnd: 65, tailWidth: Infinity, barWidth: 0 };
  const width = Math.max(MIN_WIDTH, columns || DEFAULT_WIDTH);
  const narrow = width < 76;
  const wantedTail = narrow ? TAIL.none : Math.min(Math.max(width - 76, TAIL.bar), TAIL.summary);
  const statusEnd = Math.min(width - BESIDE_STATUS - wantedTail, MAX_STATUS_END);
  const barWidth = narrow ? 0 : width >= 140 ? 20 : 10;
  return { width, statusEnd, tailWidth: width - BESIDE_STATUS - statusEnd, barWidth };
}

/** Returns the row as one painted line, without a line end. */
export function renderRow(row: Row, layout: Layout, paint: Paint): string {
  const isCut = layout.width !== Infinity;
  const status = isCut ? cut(row.status.text, MAX_STATUS) : row.status.text;
  const reserved = status === '' ? 0 : displayWidth(status) + GAP.length;
  const keep = row.keep === undefined ? 0 : displayWidth(row.keep.text);
  const label = cutCells(row.label, isCut ? layout.statusEnd - reserved - keep : Infinity);
  if (row.keep !== undefined) label.push(row.keep);
  const gap = Math.max(layout.statusEnd - cellsWidth(label) - displayWidth(status), status === '' ? 0 : GAP.length);
  const line = `${paintCells(label, paint)}${' '.repeat(gap)}${paint(row.status.style, status)}${GAP}${row.duration.padStart(DURATION_WIDTH)}`;
  const tail = cutCells(row.tail, layout.tailWidth);
  return tail.every(({ text }) => text.trim() === '') ? line : `${line}${GAP}${paintCells(tail, paint)}`;
}

/** Returns the cells as one painted line cut to the width. */
export function renderText(cells: readonly Cell[], layout: Layout, paint: Paint): string {
  return paintCells(cutCells(cells, layout.width), paint);
}

function cutCells(cells: readonly Cell[], width: number): Cell[] {
  const kept: Cell[] = [];
  let left = width;
  for (const [index, { text, style }] of cells.entries()) {
    // A cell that ends at the edge while others follow must show that something is missing.
    const isLast = cells.slice(index + 1).every((cell) => cell.text === '');
    const taken = displayWidth(text);
    if (taken < left || (taken === left && isLast)) {
      kept.push({ text, style });
      left -= taken;
      continue;
    }
    kept.push({ text: cut(isLast ? text : `${text}……`, left), style });
    break;
  }
  return kept;
}

function cellsWidth(cells: readonly Cell[]): number {
  return cells.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

function paintCells(cells: readonly Cell[], paint: Paint): string {
  return cells.map(({ text, style }) => paint(style, text)).join('');
}
