// OTEL_CONFIG_FILE: what of OpenTelemetry's declarative configuration becomes which option.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Env } from '../../src/config/option.ts';
import { createProject } from './project.ts';

const SECRET = 'Zq7secret9';

/** The options that a file decides, and what is said of it. */
function read(yaml: string, files: Record<string, string> = {}, env: Env = {}) {
  const project = createProject({ 'otel.yaml': yaml, ...files });
  const { config, sources, issues, urlHidden } = project.read({ env: { OTEL_CONFIG_FILE: 'otel.yaml', ...env } });
  const decided = Object.entries(sources).filter(([, origin]) => typeof origin === 'object' && 'file' in origin);
  const values = decided
    .filter(([, origin]) => typeof origin === 'object' && 'file' in origin && origin.file === 'otel.yaml')
    .map(([key]) => [key, config[key as keyof typeof config]] as const);
  return { config, values: Object.fromEntries(values), lines: issues.map(({ message }) => message), urlHidden };
}

/** What a file without a provider and a propagator says. */
const NOTHING = {
  'export.otlp.enabled': false,
  'export.console': 'off',
  'metrics.enabled': false,
  'logs.enabled': false,
  'propagation.propagators': [],
};

describe('OTEL_CONFIG_FILE', () => {
  for (const [what, yaml, expected] of [
    ['nothing', '', {}],
    ['disabled', 'disabled: true', { enabled: false }],
    ['log_level', 'log_level: debug2', { 'log.level': 'debug' }],
    [
      'resource',
      `resource:
  attributes:
    - { name: service.name, value: shop }
    - { name: replicas, value: 3, type: int }
  attributes_list: team=blue%20one,service.name=ignored
  detection/development: { detectors: [{ host: }, { process: }] }`,
      {
        'resource.attributes': { 'service.name': 'shop', replicas: 3, team: 'blue one' },
        'service.name': 'shop',
        'resource.detectors': ['host', 'process'],
      },
    ],
    [
      'limits',
      `attribute_limits: { attribute_count_limit: 10, attribute_value_length_limit: 100 }
tracer_provider: { processors: [{ simple: { exporter: { console: } } }], limits: { attribute_count_limit: 5, event_count_limit: 1, link_count_limit: 2, event_attribute_count_limit: 3, link_attribute_count_limit: 4 } }`,
      {
        'export.console': 'tree',
        'limits.attributeCount': 5,
        'limits.attributeValueLength': 100,
        'limits.eventCount': 1,
        'limits.linkCount': 2,
        'limits.attributePerEventCount': 3,
        'limits.attributePerLinkCount': 4,
      },
    ],
    [
      'a batch processor with OTLP over HTTP, a console and a file',
      `tracer_provider:
  processors:
    - batch:
        schedule_delay: 10
        export_timeout: 0
        max_queue_size: 20
        max_export_batch_size: 5
        exporter:
          otlp_http:
            endpoint: http://collector:4318/mine
            encoding: json
            compression: gzip
            timeout: 1234
            headers: [{ name: x-key, value: one }]
            headers_list: x-key=two,x-more=a%20b
            tls: { ca_file: /ca.pem, key_file: /key.pem, cert_file: /cert.pem }
    - simple: { exporter: { console: } }
    - simple: { exporter: { otlp_file/development: { output_stream: 'file:///tmp/a%20b.jsonl' } } }`,
      {
        'export.otlp.enabled': true,
        'export.otlp.tracesEndpoint': 'http://collector:4318/mine',
        'export.otlp.tracesProtocol': 'http/json',
        'export.otlp.tracesCompression': 'gzip',
        'export.otlp.tracesTimeoutMillis': 1234,
        'export.otlp.tracesHeaders': { 'x-key': 'one', 'x-more': 'a b' },
        'export.otlp.certificates.tracesCa': '/ca.pem',
        'export.otlp.certificates.tracesClientKey': '/key.pem',
        'export.otlp.certificates.tracesClientCertificate': '/cert.pem',
        'export.batch.delayMillis': 10,
        'export.batch.timeoutMillis': 2 ** 31 - 1,
        'export.batch.maxQueueSpans': 20,
        'export.batch.maxSpans': 5,
        'export.console': 'tree',
        'export.file': '/tmp/a b.jsonl',
      },
    ],
    [
      'OTLP with every default',
      'tracer_provider: { processors: [{ batch: { exporter: { otlp_http: } } }] }',
      {
        'export.otlp.enabled': true,
        'export.otlp.tracesEndpoint': 'http://localhost:4318/v1/traces',
        'export.otlp.tracesProtocol': 'http/protobuf',
      },
    ],
    [
      'OTLP over gRPC',
      `tracer_provider: { processors: [{ batch: { exporter: { otlp_grpc: { endpoint: 'collector:4317', tls: { insecure: true } } } } }] }`,
      {
        'export.otlp.enabled': true,
        'export.otlp.tracesEndpoint': 'collector:4317',
        'export.otlp.tracesProtocol': 'grpc',
        'export.otlp.tracesInsecure': true,
      },
    ],
    [
      'metrics and logs',
      `meter_provider:
  readers:
    - periodic: { interval: 5000, timeout: 100, exporter: { otlp_grpc: { endpoint: 'http://m:1', temporality_preference: low_memory } } }
logger_provider:
  processors:
    - batch: { schedule_delay: 7, exporter: { otlp_http: { endpoint: 'http://l:1/v1/logs' } } }`,
      {
        'metrics.enabled': true,
        'metrics.intervalMillis': 5000,
        'metrics.timeoutMillis': 100,
        'metrics.temporality': 'lowmemory',
        'export.otlp.metricsEndpoint': 'http://m:1',
        'export.otlp.metricsProtocol': 'grpc',
        'logs.enabled': true,
        'logs.delayMillis': 7,
        'export.otlp.logsEndpoint': 'http://l:1/v1/logs',
        'export.otlp.logsProtocol': 'http/protobuf',
      },
    ],
    [
      'a ratio below a parent',
      'tracer_provider: { processors: [{ simple: { exporter: { console: } } }], sampler: { parent_based: { root: { trace_id_ratio_based: { ratio: 0.25 } } } } }',
      { 'export.console': 'tree', 'sampling.ratio': 0.25, 'sampling.followParent': true },
    ],
    [
      'a parent with every default',
      'tracer_provider: { processors: [{ simple: { exporter: { console: } } }], sampler: { parent_based: } }',
      { 'export.console': 'tree', 'sampling.ratio': 1, 'sampling.followParent': true },
    ],
    [
      'always_off',
      'tracer_provider: { processors: [{ simple: { exporter: { console: } } }], sampler: { always_off: } }',
      { 'export.console': 'tree', 'sampling.ratio': 0, 'sampling.followParent': false },
    ],
    [
      'propagators',
      'propagator: { composite: [{ tracecontext: }, { b3multi: }], composite_list: "baggage,tracecontext" }',
      { 'propagation.propagators': ['tracecontext', 'b3multi', 'baggage'] },
    ],
    [
      'captured headers, known methods and sensitive query parameters',
      `instrumentation/development:
  general:
    http:
      client: { request_captured_headers: [x-a], response_captured_headers: [x-b], known_methods: [GET, BREW] }
      server: { request_captured_headers: [x-c], response_captured_headers: [x-d] }
    sanitization: { url: { sensitive_query_parameters: [sig, ticket] } }
  java: { some: { thing: 1 } }`,
      {
        'http.headers.client.request': ['x-a'],
        'http.headers.client.response': ['x-b'],
        'http.headers.server.request': ['x-c'],
        'http.headers.server.response': ['x-d'],
        'http.knownMethods': ['GET', 'BREW'],
        'url.redact.keys': ['=sig', 'ticket'],
      },
    ],
  ] as const) {
    it(`maps ${what}`, () => {
      const { values, lines, urlHidden } = read(`file_format: "1.0"\n${yaml}`);
      assert.deepEqual(values, { ...NOTHING, ...expected });
      assert.deepEqual([lines, urlHidden], [[], false]);
    });
  }

  it('says in one line each what has no effect, and uses the rest', () => {
    const { values, lines, urlHidden } = read(`file_format: "1.0"
tracer_provider:
  processors:
    - batch: { exporter: { otlp_http: { endpoint: 'http://a:1' } } }
    - batch: { exporter: { otlp_http: { endpoint: 'http://b:1' } } }
    - simple: { exporter: { otlp_file/development: { output_stream: stdout } } }
  sampler: { jaeger_remote/development: { endpoint: 'http://j', initial_sampler: { always_on: } } }
meter_provider:
  readers: [{ pull: { exporter: { prometheus/development: { port: 9464 } } } }]
  views: [{ selector: { instrument_name: x }, stream: { name: y } }]
resource: { attributes: [{ name: tags, value: [a, b], type: string_array }] }
logger_provider: { processors: [{ simple: { exporter: { console: } } }], limits: { attribute_count_limit: 1 } }
`);
    assert.equal(values['export.otlp.tracesEndpoint'], 'http://a:1');
    assert.deepEqual(lines, [
      'otel.yaml tracer_provider.processors.1 has no effect here',
      'otel.yaml tracer_provider.processors.2 has no effect here',
      'otel.yaml tracer_provider.sampler has no effect here',
      'otel.yaml meter_provider has no effect here',
      'otel.yaml resource.attributes has no effect here',
      'otel.yaml logger_provider has no effect here',
    ]);
    assert.equal(urlHidden, false);
  });

  for (const [what, yaml, line] of [
    ['is no YAML', `file_format: "1.0"\nresource: [${SECRET}`, /^otel\.yaml(?::\d)? of OTEL_CONFIG_FILE is not YAML; /],
    ['has an unknown format', 'file_format: "0.3"', /^otel\.yaml of OTEL_CONFIG_FILE needs a file_format of "1\.0"/],
    ['has none', `key: ${SECRET}`, /^otel\.yaml of OTEL_CONFIG_FILE needs a file_format/],
    [
      'breaks the schema',
      `file_format: "1.0"\ntracer_provider: { processors: ${SECRET} }`,
      /cannot be used: \/tracer_provider\/processors must be array/,
    ],
    [
      'holds a broken reference',
      `file_format: "1.0"\nlog_level: \${1:-${SECRET}}`,
      /holds a \$\{…\} that is no reference/,
    ],
    ['holds a secret for a format', `file_format: ${SECRET}`, /needs a file_format/],
  ] as const) {
    it(`costs one line and hides more when it ${what}`, () => {
      const { config, values, lines, urlHidden } = read(yaml, {}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1' });
      assert.match(lines[0] ?? '', line);
      assert.match(lines[0] ?? '', /; the file is not used$/);
      assert.match(lines[1] ?? '', /every value in a URL that might be secret is hidden/);
      assert.deepEqual([lines.length, urlHidden, values], [2, true, {}]);
      assert.equal(config['export.otlp.endpoint'], undefined);
      assert.doesNotMatch(lines.join('\n'), new RegExp(SECRET));
    });
  }

  it('costs one line when it does not exist', () => {
    const project = createProject({});
    assert.deepEqual(project.lines({ env: { OTEL_CONFIG_FILE: 'missing.yaml' } }), [
      'missing.yaml of OTEL_CONFIG_FILE does not exist; the file is not used',
    ]);
  });

  it('stands in place of the other variables of OpenTelemetry, and not of ours', () => {
    const { config } = read(
      'file_format: "1.0"\nresource: { attributes: [{ name: service.name, value: shop }] }',
      {},
      {
        OTEL_SERVICE_NAME: 'not-this',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1',
        OTEL_TRACES_EXPORTER: 'otlp',
        LOGFIRE_SERVICE_VERSION: '7',
        TRACING_FILE: 'a.jsonl',
      },
    );
    assert.deepEqual(
      [config['service.name'], config['export.otlp.endpoint'], config['export.otlp.enabled']],
      ['shop', undefined, false],
    );
    assert.deepEqual([config['service.version'], config['export.file']], ['7', 'a.jsonl']);
  });

  it('leaves the url section of a .tracingrc beside it as it is, and hides the names of both', () => {
    const yaml = `file_format: "1.0"
instrumentation/development: { general: { sanitization: { url: { sensitive_query_parameters: [sig] } } } }
resource: { attributes: [{ name: service.name, value: shop }] }`;
    const tracingrc = 'url: { redact: { keys: [mine], marker: XXX }, ignore: [/health] }\nservice: { name: other }';
    const { config } = read(yaml, { '.tracingrc': tracingrc });
    assert.deepEqual(
      [config['url.redact.keys'], config['url.redact.marker'], config['url.ignore'], config['service.name']],
      [['=sig', 'mine'], 'XXX', ['/health'], 'shop'],
    );
  });

  it('reports a value that is none by its path in our words, without the value', () => {
    const { lines } = read(`file_format: "1.0"
tracer_provider: { processors: [{ batch: { exporter: { otlp_http: { endpoint: 'ftp://${SECRET}@x' } } } }] }`);
    assert.match(lines[0] ?? '', /^otel\.yaml export\.otlp\.tracesEndpoint: expected an address .*, got a string; /);
    assert.doesNotMatch(lines.join('\n'), new RegExp(SECRET));
  });
});
