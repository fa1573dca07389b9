import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createProject } from './project.ts';

suite('instrumentations', () => {
  test('are on, off, or given options of their own', () => {
    const { config } = createProject({
      '.tracingrc': {
        instrumentations: { http: false, pg: { requireParentSpan: true }, redis: false, fs: true, 'socket.io': false },
      },
    }).read();
    assert.equal(config['instrumentations.http'], false);
    assert.equal(config['instrumentations.undici'], true);
    assert.deepEqual(config['instrumentations.pg'], { requireParentSpan: true });
    assert.equal(config['instrumentations.redis'], false);
    assert.equal(config['instrumentations.fs'], true);
    assert.equal(config['instrumentations.socket.io'], false);
    assert.equal(config['instrumentations.express'], undefined);
  });

  test('that do not exist get the nearest name', () => {
    const lines = createProject({ '.tracingrc': { instrumentations: { expres: true, pg: 7 } } }).lines();
    assert.deepEqual(lines, [
      '.tracingrc:3 instrumentations.expres is not an option (did you mean instrumentations.express?)',
      '.tracingrc:4 instrumentations.pg: expected true, false or an object with options, got 7; ignoring it',
    ]);
  });

  test('are turned off by OTEL_NODE_DISABLED_INSTRUMENTATIONS, whatever the file says of them', () => {
    const project = createProject({ '.tracingrc': { instrumentations: { pg: { a: 1 }, koa: { a: 2 } } } });
    const { config, issues } = project.read({ env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg, http' } });
    assert.deepEqual(
      [config['instrumentations.pg'], config['instrumentations.http'], config['instrumentations.koa']],
      [false, false, { a: 2 }],
    );
    assert.deepEqual(issues, []);
  });

  test('are all off but those of OTEL_NODE_ENABLED_INSTRUMENTATIONS', () => {
    const project = createProject({ '.tracingrc': { instrumentations: { pg: { a: 1 } } } });
    const { config } = project.read({ env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg,fs,undici' } });
    const keys = ['pg', 'fs', 'undici', 'http', 'koa'] as const;
    assert.deepEqual(
      keys.map((key) => config[`instrumentations.${key}`]),
      [{ a: 1 }, true, true, false, false],
    );
  });

  test('that a variable misspells are said once', () => {
    const lines = createProject({}).lines({ env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'expres,host-metrics' } });
    assert.deepEqual(lines, [
      'OTEL_NODE_DISABLED_INSTRUMENTATIONS: expected the name of an instrumentation (did you mean express?); using the default true',
    ]);
  });
});
