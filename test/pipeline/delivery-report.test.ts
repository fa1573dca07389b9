import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DeliveryReport } from '../../src/pipeline/delivery-report.ts';
import { captureLog } from './captured-log.ts';

const ADDRESS = 'http://collector:4318/v1/traces';
const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

suite('DeliveryReport', () => {
  test('says nothing while all goes well', (t) => {
    const lines = captureLog(t);
    const report = new DeliveryReport(ADDRESS, ['span', 'spans']);
    report.arrived(3, 0);
    report.close();
    assert.deepEqual(lines, []);
  });

  test('says a failure once, the recovery once with what was kept and lost, and the loss at the end', (t) => {
    const lines = captureLog(t);
    const report = new DeliveryReport(ADDRESS, ['span', 'spans']);
    report.trouble(refused, 'kept');
    report.trouble(new Error('HTTP status 503'), 'kept');
    report.lose(2, new Error('the queue was full'));
    report.arrived(5, 4);
    report.arrived(4, 0);
    report.close();
    report.close();
    assert.deepEqual(lines, [
      `tracing: cannot deliver spans to ${ADDRESS} (connect ECONNREFUSED); they are kept for a while, the application goes on\n`,
      `tracing: delivering to ${ADDRESS} again: 9 spans kept, 2 lost\n`,
      `tracing: 2 spans were lost on the way to ${ADDRESS}: the queue was full\n`,
    ]);
  });

  test('gives the reason of the loss, not that of a trouble which passed', (t) => {
    const lines = captureLog(t);
    const report = new DeliveryReport(ADDRESS, ['span', 'spans']);
    report.lose(1, new Error('the queue was full'));
    report.trouble(refused, 'kept');
    report.arrived(1, 0);
    report.close();
    assert.equal(lines.at(-1), `tracing: 1 span was lost on the way to ${ADDRESS}: the queue was full\n`);
  });

  test('counts for each recovery only what was lost since the last one', (t) => {
    const lines = captureLog(t);
    let now = 0;
    const report = new DeliveryReport(ADDRESS, ['span', 'spans'], () => now);
    for (const lost of [3, 1]) {
      now += 60_000;
      report.trouble(new Error(`trouble ${lost}`), 'lost');
      report.lose(lost, refused);
      report.arrived(1, 0);
    }
    assert.deepEqual(
      lines.filter((line) => line.includes('again')),
      [3, 1].map((lost) => `tracing: delivering to ${ADDRESS} again: 1 span kept, ${lost} lost\n`),
    );
  });

  test('says no more than once a minute that a receiver comes and goes, and what lasts after that', (t) => {
    const lines = captureLog(t);
    let now = 0;
    const report = new DeliveryReport(ADDRESS, ['span', 'spans'], () => now);
    for (; now < 60_000; now += 1000) {
      report.trouble(refused, 'kept');
      report.arrived(1, 0);
    }
    assert.equal(lines.length, 2);
    // The log itself says the same line once a minute, by the clock on the wall.
    const lasting = new Error('HTTP status 503');
    for (now of [59_000, 61_000, 62_000]) {
      report.trouble(lasting, 'kept');
      assert.equal(lines.length, now < 60_000 ? 2 : 3);
    }
    assert.match(lines[2] ?? '', /^tracing: cannot deliver .*503/);
  });
});
