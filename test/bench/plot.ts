// Run by hand, `node test/bench/plot.ts < results.json > docs/images/cost.svg`: draws what agents add, a bar for each, from rows
// `{ "group": "hello", "name": "ours", "added": 8.5, "unit": "µs" }`.
import { text } from 'node:stream/consumers';

interface Row {
  readonly group: string;
  readonly name: string;
  readonly added: number;
  readonly unit: string;
}

const WIDTH = 720;
const LEFT = 170;
const RIGHT = 230;
const BAR = 16;
const GAP = 14;
const COLORS: Readonly<Record<string, string>> = { ours: '#2f7d4f' };
const OTHER = '#9aa0a6';

const rows = JSON.parse(await text(process.stdin)) as readonly Row[];
const groups = Map.groupBy(rows, ({ group }) => group);
let y = 10;
const parts: string[] = [];
for (const [group, bars] of groups) {
  const most = Math.max(...bars.map(({ added }) => added));
  parts.push(`<text x="${LEFT - 12}" y="${y + bars.length * BAR * 0.5 + 5}" text-anchor="end">${group}</text>`);
  for (const { name, added, unit } of bars) {
    const width = Math.max(1, (added / most) * (WIDTH - LEFT - RIGHT));
    parts.push(
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" fill="${COLORS[name] ?? OTHER}"/>`,
      `<text class="value" x="${(LEFT + width + 6).toFixed(1)}" y="${y + 11}">+${added} ${unit}, ${name}</text>`,
    );
    y += BAR;
  }
  y += GAP;
}
process.stdout
  .write(`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img">
<title>What agents add</title>
<style>text { font: 13px system-ui, sans-serif; fill: #57606a } .value { font-size: 11px }</style>
${parts.join('\n')}
</svg>
`);
