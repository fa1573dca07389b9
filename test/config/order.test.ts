import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkValue } from '../../src/config/check-value.ts';
import { options } from '../../src/config/options.ts';
import { createProject } from './project.ts';

describe('order', () => {
  it('is environment, file, default', () => {
    const project = createProject({ '.tracingrc': 'log: { level: error }\nsampling: { ratio: 0.5 }\n' });
    const { config, sources } = project.read({ env: { OTEL_LOG_LEVEL: 'DEBUG' } });
    assert.equal(config['log.level'], 'debug');
    assert.deepEqual(sources['log.level'], { variable: 'OTEL_LOG_LEVEL' });
    assert.equal(config['sampling.ratio'], 0.5);
    assert.deepEqual(sources['sampling.ratio'], { file: '.tracingrc', line: 2 });
    assert.equal(config['export.console'], 'auto');
    assert.equal(sources['export.console'], 'default');
  });

  it('takes the first variable that is set', () => {
    const project = createProject({});
    const both = { OTEL_SERVICE_NAME: 'otel', LOGFIRE_SERVICE_NAME: 'logfire' };
    assert.equal(project.read({ env: both }).config['service.name'], 'otel');
    assert.equal(project.read({ env: { ...both, OTEL_SERVICE_NAME: ' ' } }).config['service.name'], 'logfire');
  });

  it('falls back to the file where a variable is wrong', () => {
    const project = createProject({ '.tracingrc': 'sampling:\n  ratio: 0.5\n' });
    const env = { LOGFIRE_TRACE_SAMPLE_RATE: '7' };
    assert.equal(project.read({ env }).config['sampling.ratio'], 0.5);
    assert.deepEqual(project.lines({ env }), [
      'LOGFIRE_TRACE_SAMPLE_RATE: expected a number from 0 to 1, got 7; using .tracingrc:2',
    ]);
  });

  it('reports a wrong value of the file also where a variable wins', () => {
    const project = createProject({ '.tracingrc': 'sampling:\n  ratio: 7\n' });
    assert.deepEqual(project.lines({ env: { LOGFIRE_TRACE_SAMPLE_RATE: '0.1' } }), [
      '.tracingrc:2 sampling.ratio: expected a number from 0 to 1, got 7; using LOGFIRE_TRACE_SAMPLE_RATE',
    ]);
  });

  it('takes name and version of the package.json where nothing else is said', () => {
    const project = createProject({ 'package.json': { name: '@shop/api', version: '3.2.1' } });
    const { config, sources } = project.read();
    assert.equal(config['service.name'], '@shop/api');
    assert.equal(config['service.version'], '3.2.1');
    assert.deepEqual(sources['service.name'], { file: 'package.json' });
  });

  it('has a value for every option without any configuration', () => {
    const project = createProject({});
    const { config, sources, issues, urlHidden, file } = project.read();
    assert.deepEqual(Object.keys(config), Object.keys(options));
    for (const [key, { default: value }] of Object.entries(options)) {
      assert.deepEqual(config[key as keyof typeof config], value, key);
    }
    assert.ok(Object.values(sources).every((source) => source === 'default'));
    assert.deepEqual({ issues, urlHidden, file }, { issues: [], urlHidden: false, file: undefined });
  });

  it('has defaults that their own schema accepts', () => {
    for (const [key, row] of Object.entries(options)) {
      if (row.default !== undefined) assert.ok(checkValue(row, false, row.default).ok, key);
    }
  });
});
