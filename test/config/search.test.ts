import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { getDefaultSearchPlaces } from 'cosmiconfig';
import { SEARCH_PLACES } from '../../src/config/find-places.ts';
import { createProject } from './project.ts';

const YAML = 'sampling: { ratio: 0.5 }';
const JSON_TEXT = '{ "sampling": { "ratio": 0.5 } }';
const CJS = 'module.exports = { sampling: { ratio: 0.5 } };';
const ESM = 'export default { sampling: { ratio: 0.5 } };';

function toContent(place: string): string {
  if (place === 'package.json') return `{ "tracing": ${JSON_TEXT} }`;
  if (place.endsWith('.json')) return JSON_TEXT;
  if (place.endsWith('.mjs')) return ESM;
  return /\.(?:js|cjs|ts)$/u.test(place) ? CJS : YAML;
}

describe('search places', () => {
  it("are cosmiconfig's own", () => {
    assert.deepEqual(SEARCH_PLACES, getDefaultSearchPlaces('tracing'));
  });

  for (const place of SEARCH_PLACES) {
    it(`reads ${place}`, () => {
      const project = createProject({ [place]: toContent(place) });
      const { config, file, issues } = project.read();
      assert.deepEqual(issues, []);
      assert.equal(config['sampling.ratio'], 0.5);
      assert.equal(file, join(project.folder, place));
    });
  }

  it('reads JSON in a .tracingrc', () => {
    const project = createProject({ '.tracingrc': JSON_TEXT });
    assert.equal(project.read().config['sampling.ratio'], 0.5);
  });

  it('takes the first place of a folder', () => {
    const project = createProject({ '.tracingrc.json': '{}', '.tracingrc': YAML });
    assert.equal(project.read().file, join(project.folder, '.tracingrc'));
  });

  it('passes over a package.json without the property', () => {
    const project = createProject({ 'package.json': { dependencies: { tracing: '1' } }, '.tracingrc': YAML });
    assert.equal(project.read().file, join(project.folder, '.tracingrc'));
  });
});

describe('search folders', () => {
  it('climbs from the entry to the nearest package.json, and no further', () => {
    const project = createProject({
      '.tracingrc': 'log: { level: error }',
      'a/package.json': { name: 'a' },
      'a/.tracingrc': YAML,
      'a/src/deep/app.js': '',
      'b/package.json': { name: 'b' },
      'b/app.js': '',
    });
    assert.equal(project.read({ entry: 'a/src/deep/app.js' }).file, join(project.folder, 'a/.tracingrc'));
    assert.equal(project.read({ entry: 'b/app.js' }).file, undefined);
  });

  it('takes the nearest folder that has one', () => {
    const project = createProject({ '.tracingrc': YAML, 'src/.tracingrc': 'log: { level: error }', 'src/app.js': '' });
    assert.equal(project.read({ entry: 'src/app.js' }).file, join(project.folder, 'src/.tracingrc'));
  });

  it('starts in the working directory without an entry', () => {
    const project = createProject({ '.tracingrc': YAML, 'sub/x': '' });
    assert.equal(project.read({ entry: undefined, cwd: 'sub' }).config['sampling.ratio'], 0.5);
  });

  it('starts in the working directory if the entry is an installed package, also through a link', () => {
    const project = createProject({
      '.tracingrc': YAML,
      'node_modules/next/package.json': { name: 'next' },
      'node_modules/next/bin.js': '',
    });
    mkdirSync(join(project.folder, 'node_modules/.bin'));
    symlinkSync('../next/bin.js', join(project.folder, 'node_modules/.bin/next'));
    for (const entry of ['node_modules/next/bin.js', 'node_modules/.bin/next']) {
      assert.equal(project.read({ entry }).config['sampling.ratio'], 0.5, entry);
    }
  });

  it('finds the folder of an entry without an ending, and of a folder', () => {
    const project = createProject({ 'a/package.json': {}, 'a/.tracingrc': YAML, 'a/app.js': '', 'a/index.js': '' });
    assert.equal(project.read({ entry: 'a/app' }).config['sampling.ratio'], 0.5);
    assert.equal(project.read({ entry: 'a' }).config['sampling.ratio'], 0.5);
  });

  it('survives an entry that does not exist', () => {
    const project = createProject({ '.tracingrc': YAML });
    assert.equal(project.read({ entry: 'no/such/file.js' }).config['sampling.ratio'], 0.5);
  });
});

describe('TRACING_CONFIG', () => {
  it('names a file, relative to the working directory', () => {
    const project = createProject({ '.tracingrc': 'log: { level: error }', 'conf/prod.yml': YAML });
    const { config, file } = project.read({ env: { TRACING_CONFIG: 'conf/prod.yml' } });
    assert.equal(config['sampling.ratio'], 0.5);
    assert.equal(config['log.level'], 'warn');
    assert.equal(file, join(project.folder, 'conf/prod.yml'));
  });

  it('none looks for no file', () => {
    const project = createProject({ '.tracingrc': YAML });
    assert.equal(project.read({ env: { TRACING_CONFIG: 'none' } }).file, undefined);
  });

  it('says that a file does not exist, and hides URLs', () => {
    const project = createProject({ '.tracingrc': YAML });
    const env = { TRACING_CONFIG: 'missing.yml' };
    assert.deepEqual(project.lines({ env }), ['missing.yml does not exist; the file is not used']);
    assert.equal(project.read({ env }).urlHidden, true);
  });

  it('says which endings there are', () => {
    const project = createProject({ 'conf.toml': '' });
    const [line] = project.lines({ env: { TRACING_CONFIG: 'conf.toml' } });
    assert.match(
      line ?? '',
      /^conf\.toml has an unknown ending; use \.tracingrc, \.yaml, .* or none; the file is not used$/u,
    );
  });
});

describe('cosmiconfig', () => {
  it('does not look for a configuration of its own in the working directory', () => {
    const project = createProject({
      '.tracingrc': YAML,
      '.config/config.js': 'globalThis.__metaConfigRan = true;',
      'package.json': { cosmiconfig: { searchPlaces: ['elsewhere.json'] } },
    });
    assert.equal(project.read().config['sampling.ratio'], 0.5);
    assert.equal('__metaConfigRan' in globalThis, false);
  });
});
