// Run by `npm run picture`: writes docs/images/console.svg, a terminal with what the demo printed just now.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FONT_SIZE = 13;
const [CHARACTER, LINE, MARGIN, BAR] = [7.8, 19, 18, 34];
/** Of escape sequences, on the dark background of the frame. */
const COLORS: Readonly<Record<string, string>> = { 31: '#ff7b72', 32: '#7ee787', 33: '#e3b341', 36: '#79c0ff' };
const PLAIN = '#e6edf3';

interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: string;
}

/** The pieces of a line that look alike. */
function toRuns(line: string): Run[] {
  const runs: Run[] = [];
  let [column, weight, color] = [0, '', PLAIN];
  for (const [, code, text = ''] of line.matchAll(/\x1b\[(\d+)m|([^\x1b]+)/g)) {
    if (code === undefined) {
      if (text.trim() !== '') runs.push({ column, text, style: `fill="${color}"${weight}` });
      column += text.length;
    } else if (code === '1') weight = ' font-weight="bold"';
    else if (code === '2') weight = ' opacity=".6"';
    else if (code === '22') weight = '';
    else color = COLORS[code] ?? PLAIN;
  }
  return runs;
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function toText({ column, text, style }: Run, row: number): string {
  const start = text.length - text.trimStart().length;
  const x = MARGIN + (column + start) * CHARACTER;
  const y = BAR + MARGIN + row * LINE;
  const shown = text.trim();
  // Whatever font there is, a column is where it was.
  return `<text x="${x.toFixed(1)}" y="${y}" ${style} textLength="${(shown.length * CHARACTER).toFixed(1)}">${escape(shown)}</text>`;
}

/** The picture of a terminal with these lines. */
export function createPicture(lines: readonly string[]): string {
  const rows = lines.map(toRuns);
  const columns = Math.max(...rows.map((runs) => Math.max(0, ...runs.map(({ column, text }) => column + text.length))));
  const [width, height] = [Math.ceil(columns * CHARACTER) + 2 * MARGIN, BAR + lines.length * LINE + MARGIN];
  const buttons = ['#ff5f57', '#febc2e', '#28c840'].map(
    (color, index) => `<circle cx="${MARGIN + index * 20}" cy="17" r="6" fill="${color}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" xml:space="preserve">
<rect width="${width}" height="${height}" rx="8" fill="#161b22"/>
${buttons.join('')}
${rows.flatMap((runs, row) => runs.map((run) => toText(run, row))).join('\n')}
</svg>
`;
}

if (import.meta.main) {
  const demo = fileURLToPath(new URL('../demo/main.ts', import.meta.url));
  const { stderr } = spawnSync(process.execPath, ['--no-warnings', demo], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '1', TRACING_VIEWER: 'off' },
  });
  const lines = stderr.trimEnd().split('\n');
  // Of the two banners one is enough.
  const first = lines.findIndex((line) => line.includes('  storefront '));
  const picture = createPicture(lines.slice(first));
  writeFileSync(fileURLToPath(new URL('../docs/images/console.svg', import.meta.url)), picture);
}
