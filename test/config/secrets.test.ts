import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProject } from './project.ts';

const SECRET = 'hunter';

const files: readonly string[] = [
  `export: { otlp: { headers: "${SECRET}" } }`,
  `export: { otlp: { headers: { "bad name ${SECRET}": x, ok: [${SECRET}] } } }`,
  `export: { otlp: { endpoint: ${SECRET} } }`,
  `export: { otlp: { endpoint: ["https://user:${SECRET}@host"] } }`,
  `export: { otlp: "${SECRET}" }`,
  `export: { logfire: { token: ["${SECRET} x"], baseUrl: ${SECRET} } }`,
  `url: ${SECRET}`,
  `url: { redact: { marker: "a=${SECRET}", keys: { a: ${SECRET} } }, ignore: { a: ${SECRET} } }`,
  `resource: { attributes: { team: [${SECRET}] } }`,
  `headers: { authorization: ${SECRET} }`,
  `export: { otlp: { headers: { a: *${SECRET} } } }`,
  `export: { otlp: { headers: { a: !${SECRET} x } } }`,
  `export: { otlp: { headers: { a: "\\q${SECRET}" } } }`,
  `- ${SECRET}`,
  SECRET,
  `a: ${SECRET}\n b: ${SECRET}`,
  `log: { level: "${SECRET}-and-more-of-it" }`,
];

const variables: readonly string[] = [
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  'OTEL_EXPORTER_OTLP_METRICS_HEADERS',
  'OTEL_EXPORTER_OTLP_LOGS_HEADERS',
  'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_RESOURCE_ATTRIBUTES',
  'LOGFIRE_TOKEN',
  'LOGFIRE_BASE_URL',
  'LOGFIRE_TOKN',
  'TRACING_REDACT_MARKER',
];

describe('reports', () => {
  for (const text of files) {
    it(`echo nothing of ${JSON.stringify(text)}`, () => {
      const project = createProject({ '.tracingrc': text });
      const { issues } = project.read();
      assert.ok(issues.length > 0);
      assert.ok(!JSON.stringify(issues).includes(SECRET), JSON.stringify(issues));
    });
  }

  for (const name of variables) {
    for (const value of [SECRET, `Authorization Bearer ${SECRET}`, `a=1,=${SECRET}`, `a=%zz${SECRET}`]) {
      it(`echo nothing of ${name}=${value}`, () => {
        const project = createProject({});
        const { issues } = project.read({ env: { [name]: value } });
        assert.ok(!JSON.stringify(issues).includes(SECRET), JSON.stringify(issues));
      });
    }
  }

  it('are one line each', () => {
    const project = createProject({ '.tracingrc': '"a\\nb": 1\n"url\\u2028x": 2\nlog: { "l\\re\\tv": 1 }\n' });
    for (const { message } of project.read().issues) assert.doesNotMatch(message, /[\p{Cc}\u2028\u2029]/u);
  });
});
