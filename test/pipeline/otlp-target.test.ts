import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { readConfig } from '../../src/config/read-config.ts';
import { isLogsOn } from '../../src/pipeline/logs-on.ts';
import { isMetricsOn } from '../../src/pipeline/metrics-on.ts';
import { toOtlpTarget } from '../../src/pipeline/otlp-target.ts';
import { certificateFile } from '../support/backend.ts';

const read = (env: Record<string, string>) =>
  readConfig({ env: { TRACING_CONFIG: 'none', ...env }, entry: undefined, cwd: '/' }).config;

suite('where a signal goes', () => {
  test('to the base endpoint with its own path, else to where OTLP receivers usually listen', () => {
    const config = read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1/base/?key=v' });
    assert.equal(toOtlpTarget(config, 'traces').url, 'http://a:1/base/v1/traces?key=v');
    assert.equal(toOtlpTarget(config, 'metrics').url, 'http://a:1/base/v1/metrics?key=v');
    assert.equal(toOtlpTarget(read({}), 'metrics').url, 'http://localhost:4318/v1/metrics');
  });

  test('to its own endpoint as it stands', () => {
    const config = read({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://b/m/',
    });
    assert.equal(toOtlpTarget(config, 'metrics').url, 'http://b/m/');
    assert.equal(toOtlpTarget(config, 'traces').url, 'http://a:1/v1/traces');
  });

  test('with what is said for all signals, and before that with what is said for it alone', () => {
    const config = read({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '200',
    });
    const { url: _, headers: __, ...traces } = toOtlpTarget(config, 'traces');
    assert.deepEqual(traces, { protocol: 'http/json', compression: 'none', attemptMillis: 100, tls: {} });
    const { url: ___, headers: ____, ...metrics } = toOtlpTarget(config, 'metrics');
    assert.deepEqual(metrics, { protocol: 'http/protobuf', compression: 'gzip', attemptMillis: 200, tls: {} });
  });

  test('with gRPC to the endpoint without a path, else to where receivers of gRPC usually listen', () => {
    const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    const urlOf = (env: Record<string, string>) => toOtlpTarget(read({ ...grpc, ...env }), 'traces').url;
    assert.equal(urlOf({}), 'http://localhost:4317');
    assert.equal(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://u:p@a:1/base/?key=v#x' }), 'https://u:p@a:1');
    assert.equal(urlOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a/v1/traces' }), 'http://a');
    const bare = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' };
    assert.equal(urlOf(bare), 'https://collector:4317');
    assert.equal(urlOf({ ...bare, OTEL_EXPORTER_OTLP_INSECURE: 'true' }), 'http://collector:4317');
    assert.equal(
      urlOf({ ...bare, OTEL_EXPORTER_OTLP_INSECURE: 'true', OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'false' }),
      'https://collector:4317',
    );
    assert.equal(
      urlOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '[::1]:4317', OTEL_EXPORTER_OTLP_TRACES_INSECURE: '1' }),
      'http://[::1]:4317',
    );
    assert.equal(
      urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_INSECURE: 'false' }),
      'http://a:1',
    );
  });

  for (const [what, env, urls] of [
    ['taken back where no signal goes by it', {}, [undefined, undefined]],
    [
      'taken back where the signal that would use it does not',
      { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' },
      ['a:4317', undefined],
    ],
    ['used where the signals go by it', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, ['a:4317', 'b:4317']],
  ] as const) {
    test(`an endpoint without a scheme is for gRPC: ${what}`, () => {
      const { config, issues } = readConfig({
        env: {
          TRACING_CONFIG: 'none',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'a:4317',
          OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'b:4317',
          ...env,
        },
        entry: undefined,
        cwd: '/',
      });
      assert.deepEqual([config['export.otlp.endpoint'], config['export.otlp.metricsEndpoint']], urls);
      const said = [
        ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', urls[1]],
        ['OTEL_EXPORTER_OTLP_ENDPOINT', urls[0]],
      ].flatMap(([name, url]) =>
        url === undefined
          ? [`${name}: expected an address that starts with http:// or https://, got a string; ignoring it`]
          : [],
      );
      assert.deepEqual(
        issues.map(({ message }) => message),
        said,
      );
    });
  }

  for (const address of ['collector:99999', '[::g]:4317', 'a b:4317', 'collector', ':4317', 'grpc://a:1', 'a:4317/x']) {
    test(`not to ${address}, which is no address`, () => {
      const config = read({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: address });
      assert.equal(config['export.otlp.endpoint'], undefined);
    });
  }

  test('with certificates of its own before those of all signals, and never with those of another', () => {
    const keyFile = certificateFile.replace('cert.pem', 'key.pem');
    const [cert, key] = [readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8')];
    const tlsOf = (env: Record<string, string>) => {
      const config = read(env);
      return (['traces', 'metrics', 'logs'] as const).map((signal) => toOtlpTarget(config, signal).tls);
    };
    assert.deepEqual(tlsOf({ OTEL_EXPORTER_OTLP_CERTIFICATE: certificateFile }), [
      { ca: cert },
      { ca: cert },
      { ca: cert },
    ]);
    for (const [index, signal] of ['TRACES', 'METRICS', 'LOGS'].entries()) {
      const own = {
        [`OTEL_EXPORTER_OTLP_${signal}_CERTIFICATE`]: certificateFile,
        [`OTEL_EXPORTER_OTLP_${signal}_CLIENT_KEY`]: keyFile,
        [`OTEL_EXPORTER_OTLP_${signal}_CLIENT_CERTIFICATE`]: certificateFile,
      };
      assert.deepEqual(tlsOf(own), [{}, {}, {}].with(index, { ca: cert, key, cert }));
    }
  });

  test('never with the key that was given for another signal', () => {
    const config = read({
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Both=shared,x-common=1',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=traces-key,x-both=traces',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-api-key=metrics-key',
    });
    assert.deepEqual(toOtlpTarget(config, 'traces').headers, {
      'x-common': '1',
      authorization: 'traces-key',
      'x-both': 'traces',
    });
    assert.deepEqual(toOtlpTarget(config, 'metrics').headers, {
      'X-Both': 'shared',
      'x-common': '1',
      'x-api-key': 'metrics-key',
    });
  });
});

suite('metrics are on', () => {
  for (const [env, isOn] of [
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a' }, false],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://a' }, true],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://a', OTEL_METRICS_EXPORTER: 'none' }, false],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }, true],
    [{ OTEL_METRICS_EXPORTER: 'prometheus' }, false],
  ] as const) {
    test(`${JSON.stringify(env)}: ${isOn ? 'yes' : 'no'}`, () => assert.equal(isMetricsOn(read(env)), isOn));
  }
});

suite('logs are on', () => {
  for (const [env, isOn] of [
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a' }, false],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://a' }, true],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://a', OTEL_LOGS_EXPORTER: 'none' }, false],
    [{ OTEL_LOGS_EXPORTER: 'otlp' }, true],
    [{ OTEL_LOGS_EXPORTER: 'console' }, false],
  ] as const) {
    test(`${JSON.stringify(env)}: ${isOn ? 'yes' : 'no'}`, () => assert.equal(isLogsOn(read(env)), isOn));
  }
});
