import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderBanner } from '../../../src/exporters/console/banner.ts';

const FACTS = {
  version: '0.1.0',
  nodeVersion: 'v24.21.0',
  serviceName: 'shop-api',
  pid: 4121,
  readyMillis: 20.6,
  watching: ['http', 'fetch'],
  destinations: ['this terminal'],
  hint: 'Set OTEL_EXPORTER_OTLP_ENDPOINT to send them on',
  color: false,
};

test('the banner is the three lines of UX.md', () => {
  assert.equal(
    renderBanner(FACTS),
    `\
tracing 0.1  shop-api (pid 4121)  node 24.21  ready in 21 ms
  watching http, fetch
  traces → this terminal. Set OTEL_EXPORTER_OTLP_ENDPOINT to send them on
`,
  );
});

test('without a hint the line ends with the destinations; nothing is said as nothing', () => {
  const { hint: _, ...facts } = FACTS;
  assert.match(
    renderBanner({ ...facts, destinations: ['https://otel.example:4318', 'this terminal'] }),
    /traces → https:\/\/otel.example:4318, this terminal\n$/,
  );
  assert.match(renderBanner({ ...facts, watching: [], destinations: [] }), /watching nothing\n {2}traces → nowhere\n$/);
});

test('a service name cannot move the cursor', () => {
  const banner = renderBanner({ ...FACTS, serviceName: 'x\x1b[2J\n' });
  assert.match(banner, /x\\x1b\[2J\\n \(pid/);
  assert.match(renderBanner({ ...FACTS, color: true }), /^\x1b\[1mtracing 0.1\x1b\[22m {2}shop/);
});
