// OTEL_CONFIG_FILE: real programs with OpenTelemetry's declarative configuration.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, suite, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { startGrpcSink } from '../support/grpc-sink.ts';
import { decodeJson } from '../support/otlp-decode.ts';
import { startSink } from '../support/otlp-sink.ts';
import { type ProgramOptions, patientFlags, runProgram } from '../support/run-program.ts';

const SECRET = 'q7XfT2mP9sLw4Zk8';
const CALL = `
  fetch(process.env.BACKEND + '/a?sig=one&ticket=two&page=3&token=four', { headers: { 'x-shop': 'blue' } }).then((r) => r.text()).then(() => {
    console.log('done', Object.keys(require.cache).some((path) => path.endsWith('load-declared.cjs')));
  });`;

let backend: Backend;
before(async () => void (backend = await startBackend()));
after(() => backend.stop());

function run(t: TestContext, files: Readonly<Record<string, string>>, env: ProgramOptions['env'] = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-declarative-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries({ 'package.json': '{}', ...files }))
    writeFileSync(join(folder, name), content.replaceAll('$FOLDER', folder));
  const options = { code: CALL, flags: patientFlags, cwd: folder };
  const given = { BACKEND: backend.url, OTEL_CONFIG_FILE: 'otel.yaml', TRACING_THROW_INTERNAL_ERRORS: '1', ...env };
  return runProgram({ ...options, env: given }).then((exit) => ({ ...exit, folder }));
}

suite('OTEL_CONFIG_FILE', { concurrency: 2 }, () => {
  test('decides where spans go, what they hold and what is hidden, with values of the environment in it', async (t) => {
    const sink = await closeAfter(t, startGrpcSink());
    const other = await closeAfter(t, startSink());
    const yaml = `file_format: "1.0"
resource: { attributes: [{ name: service.name, value: "\${NAME:-shop}" }] }
attribute_limits:
  attribute_value_length_limit: \${LENGTH}
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_grpc:
            endpoint: http://127.0.0.1:\${PORT}
            headers: [{ name: X-Key, value: "\${KEY}" }]
    - simple: { exporter: { otlp_file/development: { output_stream: file://$FOLDER/spans.jsonl } } }
instrumentation/development:
  general:
    http: { client: { request_captured_headers: [x-shop] } }
    sanitization: { url: { sensitive_query_parameters: [sig] } }
`;
    const exit = await run(
      t,
      { 'otel.yaml': yaml, '.tracingrc': 'url: { redact: { keys: [ticket], marker: XXX } }' },
      {
        PORT: String(sink.port),
        KEY: SECRET,
        LENGTH: '1000',
        OTEL_EXPORTER_OTLP_ENDPOINT: other.url,
        OTEL_SERVICE_NAME: 'not-this',
      },
    );
    assert.deepEqual([exit.code, exit.stdout, exit.stderr], [0, 'done true\n', '']);
    assert.equal(sink.requests[0]?.headers['x-key'], SECRET);
    assert.equal(other.requests.length, 0);
    const written = decodeJson(Buffer.from(readFileSync(join(exit.folder, 'spans.jsonl'), 'utf8')));
    for (const spans of [sink.spans, written]) {
      assert.equal(spans.length, 1);
      const [{ attributes, resource } = assert.fail('no span')] = spans;
      assert.equal(attributes['url.full'], `${backend.url}/a?sig=XXX&ticket=XXX&page=3&token=four`);
      assert.deepEqual(attributes['http.request.header.x-shop'], ['blue']);
      assert.equal(resource['service.name'], 'shop');
    }
  });

  test('that is broken is one line without what it holds, hides more, and the program runs', async (t) => {
    const yaml = `file_format: "1.0"\ntracer_provider: { processors: "\${KEY}" }`;
    const { code, stdout, stderr } = await run(t, { 'otel.yaml': yaml }, { KEY: SECRET, TRACING_CONSOLE: 'line' });
    assert.deepEqual([code, stdout], [0, 'done true\n']);
    assert.match(
      stderr,
      /^tracing: otel\.yaml of OTEL_CONFIG_FILE cannot be used: \/tracer_provider\/processors must be array; the file is not used$/m,
    );
    assert.match(stderr, /^tracing: until the configuration of url is mended, every value/m);
    assert.doesNotMatch(stderr, new RegExp(`${SECRET}|page=3|sig=one`));
  });

  test('whose secret ends in a message of a receiver is not printed', async (t) => {
    const sink = await closeAfter(t, startGrpcSink({ answer: { code: 16, message: `who is ${SECRET}?` } }));
    const yaml = `file_format: "1.0"
tracer_provider:
  processors: [{ batch: { exporter: { otlp_grpc: { endpoint: "${sink.url}", headers_list: "authorization=Bearer%20\${KEY}" } } } }]`;
    const { code, stderr } = await run(t, { 'otel.yaml': yaml }, { KEY: SECRET });
    assert.equal(code, 0);
    assert.match(stderr, /UNAUTHENTICATED: who is …\?/);
    assert.doesNotMatch(stderr, new RegExp(SECRET));
  });

  test('disabled turns the agent off', async (t) => {
    const { code, stdout, stderr } = await run(t, { 'otel.yaml': 'file_format: "1.0"\ndisabled: true' });
    assert.deepEqual([code, stdout, stderr], [0, 'done true\n', '']);
  });

  test('nothing of it is loaded where the variable is not set', async (t) => {
    const { stdout } = await run(t, {}, { OTEL_CONFIG_FILE: '', TRACING_CONSOLE: 'off' });
    assert.equal(stdout, 'done false\n');
  });
});
