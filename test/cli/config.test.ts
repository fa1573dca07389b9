// `tracing config`: every option, its value and its source, and no secret of either.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { options } from '../../src/config/options.ts';
import { createProject } from '../config/project.ts';
import { callMain } from './call-main.ts';

interface Shown {
  readonly file: string | null;
  readonly issues: ReadonlyArray<{ readonly level: string; readonly message: string }>;
  readonly options: Readonly<Record<string, { readonly value: unknown; readonly source: unknown }>>;
}

const SECRETS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://shop:s3cretOfUserinfo@collector.example:4318/in?api_key=s3cretOfQuery1',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=s3cretOfHeader,authorization=Bearer%20s3cretOfBearer1',
  OTEL_RESOURCE_ATTRIBUTES: 'team=checkout,db.password=s3cretOfAttribute',
  LOGFIRE_TOKEN: 'pylf_v1_us_s3cretOfToken0123456789',
  LOGFIRE_BASE_URL: 'https://shop:s3cretOfBaseUrl@logfire.example/',
  TRACING_IGNORE_URLS: '/health,https://admin:s3cretOfIgnored@internal.example/*',
  TRACING_FILE: 'spans.jsonl',
  OTEL_LOG_LEVEL: 'loud',
};
const CONFIG = `
url:
  redact: { keys: [order_ref] }
  rules:
    - match: { path: /pay, query: { token: s3cretOfRule12345 }, header: { authorization: Bearer s3cretOfRule } }
      ignore: true
sampling: { ratio: 0.25 }
service: { nmae: shop }
`;

async function show(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}, files = {}) {
  const project = createProject({ 'package.json': { name: 'shop', version: '2.0.0' }, ...files });
  const called = await callMain(t, ['config', ...args], { cwd: project.folder, env });
  assert.equal(called.stderr, '');
  return { ...called, project };
}

suite('tracing config', () => {
  test('--json has every option, with value and source, and a documented shape', async (t) => {
    const { stdout, code, project } = await show(t, ['--json'], SECRETS, { '.tracingrc': CONFIG });
    const shown = JSON.parse(stdout) as Shown;
    assert.deepEqual(Object.keys(shown), ['file', 'issues', 'options']);
    assert.deepEqual(Object.keys(shown.options), Object.keys(options));
    assert.equal(shown.file, `${project.folder}/.tracingrc`);
    assert.equal(code, 1);
    assert.deepEqual(shown.issues, [
      { level: 'warn', message: '.tracingrc:8 service.nmae is not an option (did you mean service.name?)' },
      {
        level: 'warn',
        message:
          'OTEL_LOG_LEVEL: expected none, error, warn, info, debug, verbose or all, got "loud"; using the default "warn"',
      },
    ]);
    const of = (name: string) => shown.options[name];
    assert.deepEqual(of('sampling.ratio'), { value: 0.25, source: { file: '.tracingrc', line: 7 } });
    assert.deepEqual(of('service.name'), { value: 'shop', source: { file: 'package.json' } });
    assert.deepEqual(of('url.redact.keys'), { value: ['order_ref'], source: { file: '.tracingrc', line: 3 } });
    assert.deepEqual(of('export.file'), { value: 'spans.jsonl', source: { variable: 'TRACING_FILE' } });
    assert.deepEqual(of('log.level'), { value: 'warn', source: 'default' });
    assert.deepEqual(of('instrumentations.express'), { value: true, source: 'default' });
    assert.deepEqual(of('instrumentations.fs'), { value: false, source: 'default' });
    assert.deepEqual(
      of('export.otlp.endpoint')?.value,
      'https://REDACTED:REDACTED@collector.example:4318/in?api_key=REDACTED',
    );
    assert.deepEqual(of('export.otlp.headers')?.value, { 'x-tenant': 'REDACTED', authorization: 'REDACTED' });
    assert.deepEqual(of('export.logfire.token')?.value, ['REDACTED']);
    assert.deepEqual(of('resource.attributes')?.value, { team: 'checkout', 'db.password': 'REDACTED' });
  });

  test('shows no piece of a secret, whatever is asked for', async (t) => {
    for (const args of [[], ['--json'], ['export.otlp.headers'], ['url.rules']]) {
      const { stdout } = await show(t, args, SECRETS, { '.tracingrc': CONFIG });
      assert.doesNotMatch(stdout, /s3cret/i, stdout);
    }
  });

  test('shows sections by name, and one option with what it means', async (t) => {
    const section = await show(t, ['sampling']);
    assert.match(section.stdout, /^\nsampling\n {2}ratio +1 +default\n/);
    assert.doesNotMatch(section.stdout, /export/);
    const one = await show(t, ['sampling.ratio'], { LOGFIRE_TRACE_SAMPLE_RATE: '0.5' });
    assert.equal(one.code, 0);
    assert.equal(
      one.stdout,
      `option     sampling.ratio
value      0.5
from       LOGFIRE_TRACE_SAMPLE_RATE
variables  LOGFIRE_TRACE_SAMPLE_RATE, OTEL_TRACES_SAMPLER
means      The share of new traces that is kept, from 0 to 1.
`,
    );
  });

  test('finds the configuration of the program that --entry names', async (t) => {
    const files = { 'apps/shop/package.json': { name: 'inner' }, 'apps/shop/.tracingrc': 'sampling: { ratio: 0.1 }' };
    const { stdout } = await show(t, ['sampling', '--json', '--entry', 'apps/shop/main.js'], {}, files);
    const { options } = JSON.parse(stdout) as Shown;
    assert.deepEqual(options['sampling.ratio'], { value: 0.1, source: { file: 'apps/shop/.tracingrc', line: 1 } });
  });
});
