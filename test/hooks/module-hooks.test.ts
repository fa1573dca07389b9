import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { casesOf } from '../support/every-case.ts';
import { runProgram } from '../support/run-program.ts';

const watch = fileURLToPath(new URL('../fixtures/hooks/watch.ts', import.meta.url));

/** A package in CommonJS whose main file has a file beside it. */
const commonJs = {
  'package.json': '{"name":"watched","version":"1.0.0","main":"lib/index.js"}',
  'lib/index.js': "exports.marks = []; exports.inner = require('./inner.js');",
  'lib/inner.js': 'exports.marks = [];',
};
/** The same behind an ES module, as many packages have it. */
const wrapped = {
  'package.json':
    '{"name":"watched","version":"1.0.0","exports":{".":{"import":"./esm.mjs","require":"./lib/index.js"},"./package.json":"./package.json"}}',
  'lib/index.js': commonJs['lib/index.js'],
  'lib/inner.js': commonJs['lib/inner.js'],
  'esm.mjs': "import all from './lib/index.js'; export const { marks, inner, isNew } = all;",
};
const esModule = {
  'package.json': '{"name":"watched","version":"1.0.0","type":"module","exports":"./index.js"}',
};
/** What the main file and its neighbour get. */
const bothMarked = { marks: ['watched'], isNew: true, inner: ['watched/lib/inner.js'] };
const PRINT = 'console.log(JSON.stringify({ marks: w.marks, isNew: w.isNew, inner: w.inner?.marks }))';

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly main?: string;
  readonly flags?: readonly string[];
  readonly first?: string;
  readonly expected: object | readonly object[];
}

async function run(t: TestContext, { files, links = {}, main = 'main.cjs', flags = [] }: Case): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-hooks-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    symlinkSync(join(folder, target), join(folder, name));
  }
  const { code, stdout, stderr } = await runProgram({
    program: join(folder, main),
    flags: [...flags, '--import', watch],
    cwd: folder,
    env: { NODE_NO_WARNINGS: '1' },
  });
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.trim().split('\n');
}

function install(at: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${at}/${name}`, text]));
}

const inProject = install('node_modules/watched', commonJs);
const cases: Readonly<Record<string, Case>> = {
  'is met by require': {
    files: { ...inProject, 'main.cjs': `const w = require('watched'); ${PRINT}` },
    expected: bothMarked,
  },
  'is met by a default import': {
    files: { ...inProject, 'main.mjs': `import w from 'watched'; ${PRINT}` },
    main: 'main.mjs',
    expected: bothMarked,
  },
  'is met by an import of names': {
    files: { ...inProject, 'main.mjs': `import { marks, inner } from 'watched'; const w = { marks, inner }; ${PRINT}` },
    main: 'main.mjs',
    expected: { marks: ['watched'], inner: ['watched/lib/inner.js'] },
  },
  'is met by a dynamic import': {
    files: { ...inProject, 'main.cjs': `import('watched').then(({ default: w }) => { ${PRINT} })` },
    expected: bothMarked,
  },
  'is met by createRequire': {
    files: {
      ...inProject,
      'main.mjs': `import { createRequire } from 'node:module'; const w = createRequire(import.meta.url)('watched'); ${PRINT}`,
    },
    main: 'main.mjs',
    expected: bothMarked,
  },
  'is met by a name of package.json#imports': {
    files: {
      ...inProject,
      'package.json': '{"name":"shop","imports":{"#db":"watched"}}',
      'main.cjs': `const w = require('#db'); ${PRINT}`,
    },
    expected: bothMarked,
  },
  'is met by a path inside it': {
    files: { ...inProject, 'main.cjs': `const w = require('watched/lib/inner.js'); ${PRINT}` },
    expected: { marks: ['watched/lib/inner.js'], isNew: true },
  },
  'is met in the layout of pnpm': {
    files: {
      ...install('node_modules/.pnpm/watched@1.0.0/node_modules/watched', commonJs),
      'main.mjs': `import w from 'watched'; ${PRINT}`,
    },
    links: { 'node_modules/watched': 'node_modules/.pnpm/watched@1.0.0/node_modules/watched' },
    main: 'main.mjs',
    expected: bothMarked,
  },
  'is met under the name that Next.js with Turbopack gives it': {
    files: { ...inProject, '.next/server/main.cjs': `const w = require('watched-587764f78a6c7a9c'); ${PRINT}` },
    links: { '.next/node_modules/watched-587764f78a6c7a9c': 'node_modules/watched' },
    main: '.next/server/main.cjs',
    expected: bothMarked,
  },
  'is met in a workspace': {
    files: { ...install('packages/watched', commonJs), 'main.cjs': `const w = require('watched'); ${PRINT}` },
    links: { 'node_modules/watched': 'packages/watched' },
    expected: bothMarked,
  },
  'is met when another package loads it, in a copy of its own': {
    files: {
      ...inProject,
      ...install('node_modules/other/node_modules/watched', commonJs),
      'node_modules/other/index.js': `const w = require('watched'); ${PRINT}`,
      'main.cjs': `require('other'); const w = require('watched'); ${PRINT}`,
    },
    expected: [bothMarked, bothMarked],
  },
  'is met behind an ES module of its own': {
    files: {
      ...install('node_modules/watched', wrapped),
      'main.mjs': `import * as w from 'watched'; ${PRINT}`,
    },
    main: 'main.mjs',
    expected: bothMarked,
  },
  'is met once when an ES module and CommonJS use it': {
    files: {
      ...inProject,
      'other.cjs': `const w = require('watched'); ${PRINT}`,
      'main.mjs': `import w from 'watched'; import './other.cjs'; ${PRINT}`,
    },
    main: 'main.mjs',
    expected: [bothMarked, bothMarked],
  },
  'is left alone when it was loaded before': {
    files: { ...inProject, 'before.cjs': "require('watched')", 'main.cjs': `const w = require('watched'); ${PRINT}` },
    flags: ['--require', './before.cjs'],
    first: 'too late watched',
    expected: { marks: [], inner: [] },
  },
};

suite('a watched package', { concurrency: 3, timeout: 240_000 }, () => {
  for (const [name, given] of casesOf(Object.entries(cases), 5)) {
    test(name, async (t) => {
      const lines = await run(t, given);
      const isFirst = (line: string): boolean => !line.startsWith('{');
      const { first = 'first watched in ' } = given;
      assert.ok(
        lines.filter(isFirst).every((line) => line.startsWith(first)),
        lines.join('\n'),
      );
      assert.ok(lines.some(isFirst));
      const seen = lines.filter((line) => !isFirst(line)).map((line) => JSON.parse(line) as object);
      assert.deepEqual(seen, Array.isArray(given.expected) ? given.expected : [given.expected]);
    });
  }

  const main =
    "import { marks } from 'watched'; import * as w from 'watched'; console.log(JSON.stringify({ marks, names: Object.keys(w) }))";
  for (const [what, file, names] of [
    ['without a default export', 'export const marks = []; // the end', ['marks']],
    ['with one', 'export const marks = []; export default marks;', ['default', 'marks']],
    ['with one by another name', 'const marks = []; export { marks, marks as default };', ['default', 'marks']],
  ] as const) {
    test(`is met as an ES module ${what}, before the one that imports it runs`, async (t) => {
      const files = { ...install('node_modules/watched', { ...esModule, 'index.js': file }), 'main.mjs': main };
      const lines = await run(t, { files, main: 'main.mjs', expected: {} });
      assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), { marks: ['watched'], names });
    });
  }

  test('costs nothing while it is not used: not even the way that CommonJS files take is touched', async (t) => {
    const lines = await run(t, {
      files: {
        ...inProject,
        'main.cjs': "require('node:http'); require('./other.cjs'); console.log(require.extensions['.js'].name)",
        'other.cjs': '',
      },
      expected: {},
    });
    const plain = await runProgram({ code: "console.log(require.extensions['.js'].name)" });
    assert.equal(lines.join('\n'), plain.stdout.trim());
  });
});
