import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createProject } from './project.ts';

const ESM = 'export default { sampling: { ratio: 0.5 } };\n';
const CJS = 'module.exports = { sampling: { ratio: 0.5 } };\n';
const TS = 'const ratio: number = 0.5;\nexport default { sampling: { ratio } };\n';

const good: readonly [type: string | undefined, name: string, text: string][] = [
  ['commonjs', 'tracing.config.js', CJS],
  ['commonjs', 'tracing.config.cjs', CJS],
  ['commonjs', 'tracing.config.mjs', ESM],
  ['commonjs', 'tracing.config.ts', CJS],
  ['module', 'tracing.config.js', ESM],
  ['module', 'tracing.config.cjs', CJS],
  ['module', 'tracing.config.mjs', ESM],
  ['module', 'tracing.config.ts', TS],
  [undefined, 'tracing.config.js', ESM],
  [undefined, 'tracing.config.js', CJS],
  [undefined, 'tracing.config.ts', TS],
  ['module', '.tracingrc.mjs', 'export const sampling = { ratio: 0.5 };\n'],
  ['commonjs', '.tracingrc.cjs', 'exports.__esModule = true;\nexports.default = { sampling: { ratio: 0.5 } };\n'],
];

const bad: readonly [type: string, name: string, text: string, line: string][] = [
  [
    'commonjs',
    'tracing.config.js',
    ESM,
    'tracing.config.js:1 is a CommonJS module but uses import or export: name it tracing.config.mjs, or use require and module.exports',
  ],
  [
    'commonjs',
    'tracing.config.ts',
    `import 'node:fs';\n${TS}`,
    'tracing.config.ts:1 is a CommonJS module but uses import or export: name it tracing.config.mjs, or use require and module.exports',
  ],
  [
    'module',
    'tracing.config.js',
    CJS,
    'tracing.config.js:1 is an ES module but uses module: name it tracing.config.cjs, or use import and export default',
  ],
  [
    'module',
    'tracing.config.js',
    `await 1;\n${ESM}`,
    'tracing.config.js has a top-level await; a config is loaded synchronously, so remove the await (no file ending allows it)',
  ],
  ['commonjs', 'tracing.config.js', '\nthrow new Error("password=hunter2");\n', 'tracing.config.js:2 throws an Error'],
  ['module', 'tracing.config.js', '\n\nthrow new TypeError("hunter2");\n', 'tracing.config.js:3 throws a TypeError'],
  ['commonjs', 'tracing.config.js', 'throw "hunter2";\n', 'tracing.config.js throws something that is not an error'],
  ['commonjs', 'tracing.config.js', 'JSON.parse("hunter2");\n', 'tracing.config.js:1 throws a SyntaxError'],
  ['commonjs', 'tracing.config.js', 'nope();\n', 'tracing.config.js:1 throws: nope is not defined'],
  ['commonjs', 'tracing.config.js', "require('nope');\n", "tracing.config.js:1 throws: Cannot find module 'nope'"],
  ['commonjs', 'tracing.config.js', 'x = {;\n', "tracing.config.js:1 has a syntax error: Unexpected token ';'"],
  [
    'module',
    'tracing.config.ts',
    'enum A { B }\nexport default {};\n',
    'tracing.config.ts:1 uses TypeScript that Node cannot strip (enum, namespace, parameter properties): use plain types, or name it .js',
  ],
  [
    'commonjs',
    'tracing.config.js',
    'module.exports = async () => ({});\n',
    'tracing.config.js expected an object with options, got a function',
  ],
  [
    'module',
    'tracing.config.js',
    'export default Promise.resolve({});\n',
    'tracing.config.js expected an object with options, got a promise',
  ],
  [
    'module',
    'tracing.config.js',
    'export default new Map();\n',
    'tracing.config.js expected an object with options, got an object with a class',
  ],
];

describe('config modules', () => {
  for (const [type, name, text] of good) {
    it(`reads ${name} with ${text.includes('export ') ? 'export' : 'exports'} in a package of type ${type}`, () => {
      const project = createProject({ 'package.json': { type }, [name]: text });
      const { config, issues, sources } = project.read();
      assert.deepEqual(issues, []);
      assert.equal(config['sampling.ratio'], 0.5);
      assert.deepEqual(sources['sampling.ratio'], { file: name });
    });
  }

  it('reads a .mts named in TRACING_CONFIG in a CommonJS package', () => {
    const project = createProject({ 'package.json': { type: 'commonjs' }, 'my.mts': TS });
    assert.equal(project.read({ env: { TRACING_CONFIG: 'my.mts' } }).config['sampling.ratio'], 0.5);
  });

  for (const [type, name, text, line] of bad) {
    it(`says: ${line}`, () => {
      const project = createProject({ 'package.json': { type }, [name]: text });
      const { issues, urlHidden, config } = project.read();
      assert.equal(issues[0]?.message, `${line}; the file is not used`);
      assert.equal(urlHidden, true);
      assert.equal(config['sampling.ratio'], 1);
      assert.ok(!JSON.stringify(issues).includes('hunter2'));
    });
  }

  it('names the option of a wrong value', () => {
    const project = createProject({ 'tracing.config.cjs': 'module.exports = { sampling: { ratio: 2n } };\n' });
    assert.deepEqual(project.lines(), [
      'tracing.config.cjs sampling.ratio: expected a number from 0 to 1, got a bigint; using the default 1',
    ]);
  });

  it('survives getters that throw and objects that contain themselves', () => {
    const project = createProject({
      'tracing.config.cjs': `const log = { get level() { throw new Error('hunter2'); } };
        log.log = log;
        const headers = {}; headers.self = headers;
        module.exports = { log, export: { otlp: { headers } } };\n`,
    });
    assert.deepEqual(project.lines(), [
      'tracing.config.cjs log.level cannot be read: its getter throws',
      'tracing.config.cjs log.log is not an option',
      'tracing.config.cjs export.otlp.headers: expected a text, got an object; using the default {}',
    ]);
  });

  it('loads neither js-yaml nor, without a file, cosmiconfig and yaml', () => {
    const project = createProject({ 'rc/package.json': {}, 'rc/.tracingrc': 'log: { level: error }', 'rc/app.js': '' });
    const module = pathToFileURL(join(import.meta.dirname, '../../src/config/read-config.ts')).href;
    const loads = (entry: string) => {
      const script = `import { readConfig } from ${JSON.stringify(module)};
        import { createRequire } from 'node:module';
        readConfig({ env: {}, entry: ${JSON.stringify(join(project.folder, entry))}, cwd: '/' });
        console.log(Object.keys(createRequire('/x').cache).join('\\n'));`;
      return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
    };
    assert.doesNotMatch(loads('app.js'), /node_modules\/(?:cosmiconfig|yaml|js-yaml)\//u);
    assert.match(loads('rc/app.js'), /node_modules\/yaml\//u);
    assert.doesNotMatch(loads('rc/app.js'), /js-yaml/u);
  });
});
