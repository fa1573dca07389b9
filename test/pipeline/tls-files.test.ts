import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { readTlsFiles } from '../../src/pipeline/tls-files.ts';
import { certificateFile } from '../support/backend.ts';
import { captureLog } from './captured-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'tracing-tls-'));
after(() => rmSync(folder, { recursive: true }));
const keyFile = certificateFile.replace('cert.pem', 'key.pem');
const read = (ca?: string, key?: string, cert?: string) =>
  readTlsFiles({
    ca: { option: 'the.ca', path: ca },
    key: { option: 'the.key', path: key },
    cert: { option: 'the.cert', path: cert },
  });

suite('TLS files', () => {
  test('are read where they are named', (t) => {
    const lines = captureLog(t);
    const [ca, key] = [readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8')];
    assert.deepEqual(read(), {});
    assert.deepEqual(read(certificateFile, keyFile, certificateFile), { ca, key, cert: ca });
    assert.deepEqual(lines, []);
  });

  for (const [part, paths] of [
    ['ca', ['wrong']],
    ['key', [undefined, 'wrong']],
    ['cert', [undefined, undefined, 'wrong']],
  ] as const) {
    test(`are left out one by one, without a word of what they hold: ${part}`, (t) => {
      const lines = captureLog(t);
      const wrong = join(folder, 'wrong');
      writeFileSync(wrong, 'secret-value-123');
      assert.deepEqual(read(...paths.map((path) => path && wrong)), {});
      assert.equal(lines.length, 1);
      assert.match(
        lines[0] ?? '',
        new RegExp(`^tracing: cannot use ${wrong} of the\\.${part} \\(.+\\); it is left out\n$`),
      );
      assert.doesNotMatch(lines[0] ?? '', /secret-value/);
    });
  }

  test('that do not belong together are left out together', (t) => {
    const lines = captureLog(t);
    const other = join(folder, 'other.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(other, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    assert.deepEqual(Object.keys(read(certificateFile, other, certificateFile)), ['ca']);
    assert.match(
      lines.join(''),
      /^tracing: the\.cert and the\.key do not belong together \(.+\); they are left out\n$/,
    );
  });
});
