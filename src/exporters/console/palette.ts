// The few colours of the console. Text is cut and padded before it is painted, so nothing here has to be measured.

/** How a piece of text looks. */
export type Style = 'plain' | 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Gives text its colour, or returns it as it is. */
export type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, readonly [open: number, close: number] | undefined>> = {
  plain: undefined,
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Returns a painter that colours, or one that never emits an escape byte. */
export function createPaint(color: boolean): Paint {
  return color ? paint : (_style, text) => text;
}

function paint(style: Style, text: string): string {
  const codes = CODES[style];
  return codes === undefined || text === '' ? text : `\x1b[${codes[0]}m${text}\x1b[${codes[1]}m`;
}
