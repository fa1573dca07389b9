// Run by hand, `node test/bench/redaction.ts`: what redaction costs per URL, and how its time grows with the size of hostile texts.
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { GENERATORS, makeText } from '../redaction/generators.ts';

const redactor = createRedactor();
const SIZES = [1_000, 2_000, 4_000, 8_000, 16_000, 64_000, 256_000, 1_000_000];

const URLS: Readonly<Record<string, string>> = {
  'clean, 80 characters': 'https://api.harborline.example/v1/orders?page=2&limit=20&sort=created_at&lang=en',
  'clean, uuid': '/orders/3f2b8c1e-6a4d-4f0b-9c2a-7d1e5b8a9c30?expand=lines',
  'clean, weak name': '/list?state=CA&key=title',
  'clean, nested URL': 'https://n3.cedarvale.example/go?url=https%3A%2F%2Fn4.cedarvale.example%2Fa%3Fpage%3D2',
  'clean, log line': 'GET /v1/items 200 in 12 ms from 10.0.0.5',
  'one token': 'https://api.harborline.example/v1/orders?token=ZVbjSvw4jgUXJ89bzjZp&page=2',
  userinfo: 'https://svc:B3Jx2mUfewBwAoeGLQC8@api.example.com/v1/x?y=1',
  'reset link': '/reset-password/JWmztt2gVjCqjabmbWn6ZkKihUF8d2Et',
  'OAuth answer': '/cb?code=rE46SHisyiny3BQNrHhkjNc6t5tJ77bd&state=r4pP7xWtnyvbNJT5UW3SKtKiu7eTbd8t&scope=openid',
  'encoded name': '/p?pass%77ord=CDoCDxscz7ncT6cccJ92&page=21',
};

console.log('URL                        ns per redact()');
for (const [label, url] of Object.entries(URLS)) {
  console.log(
    `${label.padEnd(26)} ${nanosPerRun(() => redactor.redact(url, 'client'))
      .toFixed(0)
      .padStart(6)}`,
  );
}

console.log(
  `\nmilliseconds by size; exponent fitted up to the cut at 16,384\n${'text'.padEnd(22)}${SIZES.map((size) => `${size / 1000}k`.padStart(9)).join('')}  exponent`,
);
for (const name of Object.keys(GENERATORS)) {
  const times = SIZES.map((size) => fastestMillis(makeText(name, size)));
  console.log(
    `${name.padEnd(22)}${times.map((time) => time.toFixed(2).padStart(9)).join('')}  ${exponent(SIZES.slice(0, 5), times.slice(0, 5)).toFixed(2)}`,
  );
}

function nanosPerRun(run: () => unknown): number {
  for (let warm = 0; warm < 20_000; warm++) run();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let count = 0; count < 20_000; count++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 20_000);
  }
  return best;
}

function fastestMillis(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (const kind of ['client', 'string'] as const) redactor.redact(text, kind);
    best = Math.min(best, performance.now() - start);
  }
  return best / 2;
}

/** Slope of log time over log size, by least squares. */
function exponent(sizes: readonly number[], times: readonly number[]): number {
  const xs = sizes.map(Math.log);
  const ys = times.map((time) => Math.log(Math.max(time, 1e-4)));
  const meanX = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const meanY = ys.reduce((sum, y) => sum + y, 0) / ys.length;
  const slope = xs.reduce((sum, x, at) => sum + (x - meanX) * ((ys[at] ?? 0) - meanY), 0);
  return slope / xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
}
