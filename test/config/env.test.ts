import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OptionKey } from '../../src/config/config.ts';
import { options } from '../../src/config/options.ts';
import type { Env, Option } from '../../src/config/option.ts';
import { createProject } from './project.ts';

const cases: readonly [Env, OptionKey, unknown][] = [
  [{ OTEL_SDK_DISABLED: 'true' }, 'enabled', false],
  [{ OTEL_SDK_DISABLED: 'false' }, 'enabled', true],
  [{ OTEL_SDK_DISABLED: '' }, 'enabled', true],
  [{ OTEL_SERVICE_NAME: ' shop ' }, 'service.name', 'shop'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=a%20b' }, 'service.name', 'a b'],
  [{ OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'service.name=y' }, 'service.name', 'x'],
  [{ LOGFIRE_SERVICE_VERSION: '2' }, 'service.version', '2'],
  [{ LOGFIRE_ENVIRONMENT: 'staging' }, 'service.environment', 'staging'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=1, b = x%2Cy' }, 'resource.attributes', { a: '1', b: 'x,y' }],
  [{ OTEL_NODE_RESOURCE_DETECTORS: 'host,OS' }, 'resource.detectors', ['host', 'os']],
  [{ OTEL_NODE_RESOURCE_DETECTORS: 'none' }, 'resource.detectors', []],
  [{ LOGFIRE_URL_REDACT_KEYS: 'voucher, -code ,,' }, 'url.redact.keys', ['voucher', '-code']],
  [{ LOGFIRE_URL_REDACT_KEYS: '=a,b' }, 'url.redact.keys', ['=a', 'b']],
  [{ TRACING_REDACT_MARKER: '*****' }, 'url.redact.marker', '*****'],
  [{ TRACING_REDACT_MARKER: '' }, 'url.redact.marker', 'REDACTED'],
  [{ TRACING_IGNORE_URLS: '/health,GET /x' }, 'url.ignore', ['/health', 'GET /x']],
  [{ OTEL_NODE_EXCLUDED_URLS: 'health' }, 'url.ignore', ['health']],
  [{ OTEL_PROPAGATORS: 'baggage' }, 'propagation.propagators', ['baggage']],
  [{ OTEL_PROPAGATORS: 'none' }, 'propagation.propagators', []],
  [{ OTEL_PROPAGATORS: 'b3,B3Multi,jaeger,xray' }, 'propagation.propagators', ['b3', 'b3multi', 'jaeger', 'xray']],
  [{ LOGFIRE_DISTRIBUTED_TRACING: 'false' }, 'propagation.accept', false],
  [{ LOGFIRE_TRACE_SAMPLE_RATE: '.25' }, 'sampling.ratio', 0.25],
  [{ LOGFIRE_TRACE_SAMPLE_RATE: '0.5', OTEL_TRACES_SAMPLER: 'always_off' }, 'sampling.ratio', 0.5],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, 'sampling.ratio', 1],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 'sampling.ratio', 0],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }, 'sampling.ratio', 0.1],
  [{ OTEL_TRACES_SAMPLER: 'ParentBased_TraceIdRatio' }, 'sampling.ratio', 1],
  [{ OTEL_TRACES_SAMPLER: 'ParentBased_TraceIdRatio' }, 'sampling.followParent', true],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, 'sampling.followParent', true],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, 'sampling.followParent', false],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, 'sampling.followParent', false],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, 'sampling.followParent', false],
  [{ TRACING_SAMPLE_PER_SECOND: '0.5' }, 'sampling.perSecond', 0.5],
  [{ TRACING_KEEP: 'errors, slow:2s' }, 'sampling.keep', { errors: true, slowerThanMillis: 2000 }],
  [{ TRACING_KEEP: 'Slow:1.5m' }, 'sampling.keep', { slowerThanMillis: 90_000 }],
  [{ TRACING_KEEP: 'slow:250' }, 'sampling.keep', { slowerThanMillis: 250 }],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'export.otlp.enabled', true],
  [{ OTEL_TRACES_EXPORTER: 'none' }, 'export.otlp.enabled', false],
  [{ OTEL_TRACES_EXPORTER: 'none' }, 'export.console', 'off'],
  [{ OTEL_TRACES_EXPORTER: 'console' }, 'export.otlp.enabled', false],
  [{ OTEL_TRACES_EXPORTER: 'console' }, 'export.console', 'tree'],
  [{ OTEL_TRACES_EXPORTER: 'otlp,console' }, 'export.otlp.enabled', true],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'export.console', 'auto'],
  [{ OTEL_TRACES_EXPORTER: 'none', TRACING_CONSOLE: 'line' }, 'export.console', 'line'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318' }, 'export.otlp.endpoint', 'http://a:4318'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://a/t' }, 'export.otlp.tracesEndpoint', 'https://a/t'],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'export.otlp.protocol', 'http/json'],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' },
    'export.otlp.tracesProtocol',
    'http/protobuf',
  ],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'k=v%3D1,b=Basic%20x==' }, 'export.otlp.headers', { k: 'v=1', b: 'Basic x==' }],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=1', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2' },
    'export.otlp.tracesHeaders',
    { b: '2' },
  ],
  [{ OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'b=3' }, 'export.otlp.metricsHeaders', { b: '3' }],
  [{ OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'b=3' }, 'export.otlp.headers', {}],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://a/m' }, 'export.otlp.metricsEndpoint', 'https://a/m'],
  [{ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json' }, 'export.otlp.metricsProtocol', 'http/json'],
  [{ OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip' }, 'export.otlp.metricsCompression', 'gzip'],
  [{ OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '300' }, 'export.otlp.metricsTimeoutMillis', 300],
  [{ OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'b=3' }, 'export.otlp.logsHeaders', { b: '3' }],
  [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://a/l' }, 'export.otlp.logsEndpoint', 'https://a/l'],
  [{ OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json' }, 'export.otlp.logsProtocol', 'http/json'],
  [{ OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: 'gzip' }, 'export.otlp.logsCompression', 'gzip'],
  [{ OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: '300' }, 'export.otlp.logsTimeoutMillis', 300],
  [{ OTEL_LOGS_EXPORTER: 'otlp' }, 'logs.enabled', true],
  [{ OTEL_LOGS_EXPORTER: 'None' }, 'logs.enabled', false],
  [{ TRACING_LOGS_CONSOLE: 'yes' }, 'logs.console', true],
  [{ OTEL_BLRP_SCHEDULE_DELAY: '5' }, 'logs.delayMillis', 5],
  [{ OTEL_BLRP_SCHEDULE_DELAY: '5' }, 'export.batch.delayMillis', 1000],
  [{ OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '6' }, 'logs.maxRecords', 6],
  [{ OTEL_BLRP_MAX_QUEUE_SIZE: '7' }, 'logs.maxQueueRecords', 7],
  [{ OTEL_BLRP_EXPORT_TIMEOUT: '8' }, 'logs.timeoutMillis', 8],
  [{ OTEL_METRICS_EXPORTER: 'otlp' }, 'metrics.enabled', true],
  [{ OTEL_METRICS_EXPORTER: 'None' }, 'metrics.enabled', false],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '1000' }, 'metrics.intervalMillis', 1000],
  [{ OTEL_METRIC_EXPORT_TIMEOUT: '500' }, 'metrics.timeoutMillis', 500],
  [{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Delta' }, 'metrics.temporality', 'delta'],
  [{ TRACING_RUNTIME_METRICS: 'yes' }, 'metrics.runtime', true],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: 'GZIP' }, 'export.otlp.compression', 'gzip'],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '250' }, 'export.otlp.timeoutMillis', 250],
  [{ LOGFIRE_CONSOLE: 'false' }, 'export.console', 'off'],
  [{ LOGFIRE_CONSOLE: 'yes' }, 'export.console', 'tree'],
  [{ TRACING_CONSOLE: 'JSON' }, 'export.console', 'json'],
  [{ LOGFIRE_CONSOLE_COLORS: 'never' }, 'console.colors', 'never'],
  [{ LOGFIRE_CONSOLE_INCLUDE_TIMESTAMP: '0' }, 'console.timestamps', false],
  [{ OTEL_BSP_SCHEDULE_DELAY: '0' }, 'export.batch.delayMillis', 0],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1e2' }, 'export.batch.maxSpans', 100],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '10' }, 'export.batch.maxQueueSpans', 10],
  [{ OTEL_BSP_EXPORT_TIMEOUT: '10' }, 'export.batch.timeoutMillis', 10],
  [{ OTEL_ATTRIBUTE_COUNT_LIMIT: '5' }, 'limits.attributeCount', 5],
  [{ OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '6', OTEL_ATTRIBUTE_COUNT_LIMIT: '5' }, 'limits.attributeCount', 6],
  [{ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '99' }, 'limits.attributeValueLength', 99],
  [{ OTEL_LOG_LEVEL: 'Verbose' }, 'log.level', 'verbose'],
];

describe('environment', () => {
  for (const [env, key, expected] of cases) {
    const shell = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    it(`${shell.join(' ')} sets ${key} to ${JSON.stringify(expected)}`, () => {
      const project = createProject({});
      const { config, issues } = project.read({ env });
      assert.deepEqual(config[key], expected);
      assert.deepEqual(issues, []);
    });
  }

  it('understands every spelling of yes and no, in any case', () => {
    const project = createProject({});
    const read = (value: string) => project.read({ env: { LOGFIRE_CONSOLE_VERBOSE: value } }).config['console.verbose'];
    for (const yes of ['1', 'true', 'T', 'Yes', 'on', 'TRUE']) assert.equal(read(yes), true, yes);
    for (const no of ['0', 'false', 'F', 'No', 'off', 'OFF']) assert.equal(read(no), false, no);
  });

  it('treats every empty or blank variable as unset', () => {
    const project = createProject({});
    const rows: readonly Option[] = Object.values(options);
    const names = rows.flatMap((row) => (row.env ?? []).map(({ name }) => name));
    for (const blank of ['', '  ']) {
      const { issues, sources } = project.read({ env: Object.fromEntries(names.map((name) => [name, blank])) });
      assert.deepEqual(issues, []);
      assert.ok(Object.values(sources).every((source) => source === 'default'));
    }
  });
});

const wrong: readonly [Env, string][] = [
  [
    { OTEL_BSP_SCHEDULE_DELAY: 'soon' },
    'OTEL_BSP_SCHEDULE_DELAY: expected milliseconds from 0 to 2147483647, got "soon"; using the default 1000',
  ],
  [{ OTEL_SDK_DISABLED: 'maybe' }, 'OTEL_SDK_DISABLED: expected true or false, got "maybe"; using the default true'],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'thrift' },
    'OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, http/json or grpc, got "thrift"; using the default "http/protobuf"',
  ],
  [
    { OTEL_PROPAGATORS: 'ottrace,tracecontext' },
    'OTEL_PROPAGATORS[0]: expected tracecontext, baggage, b3, b3multi, jaeger, xray or none, got "ottrace"; ignoring it',
  ],
  [
    { OTEL_PROPAGATORS: 'nonsense' },
    'OTEL_PROPAGATORS[0]: expected tracecontext, baggage, b3, b3multi, jaeger, xray or none, got "nonsense"; using the default tracecontext, baggage',
  ],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_jaeger_remote' },
    'OTEL_TRACES_SAMPLER: parentbased_jaeger_remote is not supported, expected always_on, always_off or traceidratio, each also with parentbased_ before it; using the default 1',
  ],
  [
    { TRACING_SAMPLE_PER_SECOND: '-1' },
    'TRACING_SAMPLE_PER_SECOND: expected a number from 0 to 1000000, got -1; ignoring it',
  ],
  [
    { TRACING_KEEP: 'errors,slow:2h' },
    'TRACING_KEEP: entry 2: expected errors, or slow: with a time such as slow:2s; ignoring it',
  ],
  [
    { OTEL_TRACES_SAMPLER: 'sometimes' },
    'OTEL_TRACES_SAMPLER: expected always_on, always_off or traceidratio, each also with parentbased_ before it; using the default 1',
  ],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '3' },
    'OTEL_TRACES_SAMPLER: OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1; using the default 1',
  ],
  [
    { OTEL_TRACES_EXPORTER: 'otlp,zipkin' },
    'OTEL_TRACES_EXPORTER: expected otlp, console, none or a list of them; ignoring it',
  ],
  [
    { OTEL_METRICS_EXPORTER: 'prometheus' },
    'OTEL_METRICS_EXPORTER: prometheus is not supported, expected otlp or none; using the default "auto"',
  ],
  [
    { OTEL_METRICS_EXPORTER: 'otlp,console' },
    'OTEL_METRICS_EXPORTER: console is not supported, expected otlp or none; ignoring it',
  ],
  [
    { OTEL_LOGS_EXPORTER: 'otlp,console' },
    'OTEL_LOGS_EXPORTER: console is not supported, expected otlp or none; ignoring it',
  ],
  [{ OTEL_LOGS_EXPORTER: 'prometheus' }, 'OTEL_LOGS_EXPORTER: expected otlp or none; using the default "auto"'],
  [{ OTEL_METRICS_EXPORTER: 'oltp' }, 'OTEL_METRICS_EXPORTER: expected otlp or none; using the default "auto"'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' },
    'OTEL_EXPORTER_OTLP_ENDPOINT: expected an address that starts with http:// or https://, got a string; ignoring it',
  ],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=1,oops' }, 'OTEL_EXPORTER_OTLP_HEADERS: entry 2: expected name=value; ignoring it'],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=%zz' },
    'OTEL_EXPORTER_OTLP_HEADERS: entry 2: its percent-encoding is broken; ignoring it',
  ],
  [
    { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=%0d%0aEvil:1' },
    'OTEL_EXPORTER_OTLP_HEADERS: expected a header value without line breaks, got a string; ignoring it',
  ],
  [{ LOGFIRE_SHOW_SUMMARY: 'true' }, 'LOGFIRE_SHOW_SUMMARY is not supported in this version yet'],
  [{ LOGFIRE_PYDANTIC_PLUGIN_RECORD: 'all' }, 'LOGFIRE_PYDANTIC_PLUGIN_RECORD has no effect in Node'],
  [{ LOGFIRE_INSPECT_ARGUMENTS: '1' }, 'LOGFIRE_INSPECT_ARGUMENTS has no effect in Node'],
  [{ LOGFIRE_API_KEY: 'x' }, 'LOGFIRE_API_KEY has no effect in Node'],
  [
    { LOGFIRE_SERVCE_NAME: 'x' },
    'LOGFIRE_SERVCE_NAME is not a variable of this agent (did you mean LOGFIRE_SERVICE_NAME?)',
  ],
  [{ TRACING_WHATEVER_ELSE: 'x' }, 'TRACING_WHATEVER_ELSE is not a variable of this agent'],
];

describe('wrong variables', () => {
  for (const [env, line] of wrong) {
    it(line, () => {
      const project = createProject({});
      assert.deepEqual(project.lines({ env }), [line]);
    });
  }

  it('says at level info what has no effect, and warns of the rest', () => {
    const project = createProject({});
    const { issues } = project.read({ env: { LOGFIRE_IGNORE_NO_CONFIG: '1', LOGFIRE_SHOW_SUMMARY: '1' } });
    assert.deepEqual(
      issues.map(({ level }) => level),
      ['warn', 'info'],
    );
  });

  it('hides URLs where a variable that hides something is misspelt or wrong', () => {
    const project = createProject({});
    assert.equal(project.read({ env: { LOGFIRE_URL_REDACT_KEY: 'voucher' } }).urlHidden, true);
    assert.equal(project.read({ env: { TRACING_URL_QUERY: 'dropp' } }).urlHidden, true);
    assert.equal(project.read({ env: { LOGFIRE_SHOW_SUMMARY: '1' } }).urlHidden, false);
  });
});
