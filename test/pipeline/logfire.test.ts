import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { readConfig } from '../../src/config/read-config.ts';
import { readLogfireProjects, toLogfireTarget } from '../../src/pipeline/logfire.ts';
import { captureLog } from './captured-log.ts';

const read = (env: Record<string, string>) =>
  readConfig({ env: { TRACING_CONFIG: 'none', ...env }, entry: undefined, cwd: '/' }).config;

/** A credentials folder that holds this file, or none. */
function makeFolder(t: TestContext, text?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-logfire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  if (text !== undefined) writeFileSync(join(folder, 'logfire_credentials.json'), text);
  return folder;
}

const CREDENTIALS = {
  token: 'pylf_v1_eu_fromthefile',
  project_name: 'shop',
  project_url: 'https://logfire-eu.pydantic.dev/me/shop',
  logfire_api_url: 'https://logfire.example.com',
};

suite('where Logfire is', () => {
  for (const [token, address] of [
    ['pylf_v1_us_abc', 'https://logfire-us.pydantic.dev/v1/traces'],
    ['pylf_v1_eu_abc', 'https://logfire-eu.pydantic.dev/v1/traces'],
    ['pylf_v2_eu_0b8f7a0e-1a2b-4c3d-8e9f-001122334455_abc', 'https://logfire-eu.pydantic.dev/v1/traces'],
    ['pylf_v1_mars_abc', 'https://logfire-us.pydantic.dev/v1/traces'],
    ['of-a-time-without-regions', 'https://logfire-us.pydantic.dev/v1/traces'],
  ] as const) {
    test(`${token}: ${address}`, () => {
      const config = read({ LOGFIRE_TOKEN: token });
      const [project] = readLogfireProjects(config, tmpdir());
      assert(project);
      assert.deepEqual(toLogfireTarget(project, config, 'traces'), {
        url: address,
        protocol: 'http/protobuf',
        headers: { authorization: token },
        tenant: token,
        compression: 'gzip',
        attemptMillis: 10_000,
        tls: {},
      });
    });
  }

  test('LOGFIRE_BASE_URL comes before the region, and nothing of what OTLP receivers are told is sent there', () => {
    const config = read({
      LOGFIRE_TOKEN: 'pylf_v1_eu_abc',
      LOGFIRE_BASE_URL: 'http://localhost:8080/logfire/',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=of-another',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    const [project] = readLogfireProjects(config, tmpdir());
    assert(project);
    const { url, headers, protocol } = toLogfireTarget(project, config, 'metrics');
    assert.equal(url, 'http://localhost:8080/logfire/v1/metrics');
    assert.deepEqual([headers, protocol], [{ authorization: 'pylf_v1_eu_abc' }, 'http/protobuf']);
  });

  test('every token of a list is a project', () => {
    const config = read({ LOGFIRE_TOKEN: 'pylf_v1_eu_a, pylf_v1_us_b' });
    assert.deepEqual(readLogfireProjects(config, tmpdir()), [
      { token: 'pylf_v1_eu_a', baseUrl: 'https://logfire-eu.pydantic.dev' },
      { token: 'pylf_v1_us_b', baseUrl: 'https://logfire-us.pydantic.dev' },
    ]);
  });
});

suite('the credentials file of Logfire', () => {
  const { token, logfire_api_url: baseUrl } = CREDENTIALS;

  test('is read where no token is given', (t) => {
    const env = { LOGFIRE_CREDENTIALS_DIR: makeFolder(t, JSON.stringify(CREDENTIALS)) };
    assert.deepEqual(readLogfireProjects(read(env), tmpdir()), [{ token, baseUrl }]);
    const own = { ...env, LOGFIRE_BASE_URL: 'http://localhost:1' };
    assert.deepEqual(readLogfireProjects(read(own), tmpdir()), [{ token, baseUrl: 'http://localhost:1' }]);
    const given = { ...env, LOGFIRE_TOKEN: 'pylf_v1_us_given' };
    assert.deepEqual(readLogfireProjects(read(given), tmpdir()), [
      { token: 'pylf_v1_us_given', baseUrl: 'https://logfire-us.pydantic.dev' },
    ]);
    assert.deepEqual(readLogfireProjects(read({ ...given, LOGFIRE_SEND_TO_LOGFIRE: 'false' }), tmpdir()), []);
  });

  test('names the address by its region where it does not say it', (t) => {
    const folder = makeFolder(t, JSON.stringify({ token, logfire_api_url: 'not an address' }));
    const projects = readLogfireProjects(read({ LOGFIRE_CREDENTIALS_DIR: folder }), tmpdir());
    // As a person would write it: from the folder that the program was started in.
    assert.deepEqual(
      readLogfireProjects(read({ LOGFIRE_CREDENTIALS_DIR: basename(folder) }), dirname(folder)),
      projects,
    );
    assert.deepEqual(projects, [{ token, baseUrl: 'https://logfire-eu.pydantic.dev' }]);
  });

  test('may be missing, which is said only where a token is demanded', (t) => {
    const lines = captureLog(t);
    const LOGFIRE_CREDENTIALS_DIR = makeFolder(t);
    assert.deepEqual(readLogfireProjects(read({ LOGFIRE_CREDENTIALS_DIR }), tmpdir()), []);
    assert.deepEqual(lines, []);
    assert.deepEqual(
      readLogfireProjects(read({ LOGFIRE_CREDENTIALS_DIR, LOGFIRE_SEND_TO_LOGFIRE: 'true' }), tmpdir()),
      [],
    );
    assert.deepEqual(lines, [
      `tracing: LOGFIRE_TOKEN is not set, and there is no ${LOGFIRE_CREDENTIALS_DIR}/logfire_credentials.json; nothing is sent to Logfire\n`,
    ]);
  });

  for (const text of [
    '',
    'null',
    '[]',
    '"pylf_v1_eu_x"',
    '{"token":"pylf_v1_eu_fromthefile',
    '{"token":"pylf_v1_eu_fromthefile\\n"}',
    '{"token":7}',
  ]) {
    test(`says in a line without a word of it that it holds no token: ${text}`, (t) => {
      const lines = captureLog(t);
      const folder = makeFolder(t, text);
      assert.deepEqual(readLogfireProjects(read({ LOGFIRE_CREDENTIALS_DIR: folder }), tmpdir()), []);
      assert.deepEqual(lines, [
        `tracing: ${folder}/logfire_credentials.json holds no token; nothing is sent to Logfire\n`,
      ]);
    });
  }

  test('is said to be unreadable where it is', (t) => {
    const lines = captureLog(t);
    const folder = makeFolder(t);
    mkdirSync(join(folder, 'logfire_credentials.json'));
    assert.deepEqual(readLogfireProjects(read({ LOGFIRE_CREDENTIALS_DIR: folder }), tmpdir()), []);
    assert.match(
      lines.join(''),
      /^tracing: .*logfire_credentials\.json cannot be read \(EISDIR\); nothing is sent to Logfire\n$/,
    );
  });
});
