import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { suite, test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createResource } from '../../src/pipeline/resource.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { captureLog } from './captured-log.ts';

const redactor = createRedactor();

function resourceOf(env: Record<string, string>) {
  const { config } = readConfig({ env: { TRACING_CONFIG: 'none', ...env }, entry: undefined, cwd: '/' });
  return createFrom(config);
}

const createFrom = (config: Config) =>
  createResource({
    config,
    agentVersion: '9.9.9',
    redactAttribute: (name, value) => redactor.redactAttribute(name, value),
  }).attributes;

suite('resource', () => {
  test('names host, operating system, process and the agent as the conventions do', () => {
    const attributes = resourceOf({});
    assert.deepEqual(
      [attributes['host.name'], attributes['process.pid'], attributes['process.runtime.name'], attributes['os.type']],
      [hostname(), process.pid, 'nodejs', process.platform === 'win32' ? 'windows' : process.platform],
    );
    assert.match(String(attributes['host.arch']), /^(?:amd64|arm64|arm32|x86|ppc32|ppc64|s390x|riscv64|loong64)$/);
    assert.equal(attributes['process.runtime.version'], process.versions.node);
    assert.deepEqual(
      [
        attributes['telemetry.sdk.language'],
        attributes['telemetry.distro.name'],
        attributes['telemetry.distro.version'],
      ],
      ['nodejs', '@tracing/agent', '9.9.9'],
    );
  });

  test('never holds the command line, on which secrets are given', () => {
    const attributes = resourceOf({});
    const names = Object.keys(attributes).filter((name) => /command|argv|args|owner|env/.test(name));
    assert.deepEqual(names, []);
    const script = process.argv[1] ?? '';
    assert.notEqual(script, '');
    assert.equal(JSON.stringify(attributes).includes(script), false);
  });

  test('holds only the detectors that are named', () => {
    const names = Object.keys(resourceOf({ OTEL_NODE_RESOURCE_DETECTORS: 'os' }));
    assert.deepEqual(names.filter((name) => /^(?:host|os|process)\./.test(name)).sort(), ['os.type', 'os.version']);
  });

  test('takes attributes of the environment over detected ones, and the name of the service over both', () => {
    const attributes = resourceOf({
      OTEL_RESOURCE_ATTRIBUTES: 'host.name=configured,team=shop%20one,service.name=less',
      OTEL_SERVICE_NAME: 'shop-api',
      LOGFIRE_ENVIRONMENT: 'staging',
    });
    assert.deepEqual(
      [
        attributes['host.name'],
        attributes['team'],
        attributes['service.name'],
        attributes['deployment.environment.name'],
      ],
      ['configured', 'shop one', 'shop-api', 'staging'],
    );
  });

  test('hides secrets in attributes of the environment, by name and by text', () => {
    const attributes = resourceOf({
      OTEL_RESOURCE_ATTRIBUTES:
        'api_key=secret-value-123,docs=http://user:secret-value-123@host/?token=secret-value-123',
    });
    assert.equal(attributes['api_key'], 'REDACTED');
    assert.match(String(attributes['docs']), /^http:\/\/.*host\//);
    assert.doesNotMatch(JSON.stringify(attributes), /secret-value-123/);
  });

  test('always has a service name', () => {
    assert.notEqual(resourceOf({})['service.name'] ?? '', '');
  });

  test('says which package a cloud detector needs, once, and goes on without it', (t) => {
    const lines = captureLog(t);
    const { config } = readConfig({ env: { TRACING_CONFIG: 'none' }, entry: undefined, cwd: '/' });
    // `later` keeps these names out of the option until they are offered.
    const attributes = createFrom({ ...config, 'resource.detectors': ['os', 'aws'] as never });
    assert.equal(typeof attributes['os.type'], 'string');
    assert.match(
      lines.join(''),
      /^tracing: resource\.detectors: @opentelemetry\/resource-detector-aws is not installed.*\n$/,
    );
  });
});
