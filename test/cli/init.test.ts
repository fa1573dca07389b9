// `tracing init`: the file that it writes, the line that it proposes, and what it leaves alone.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { addPreload } from '../../src/cli/add-preload.ts';
import { createTracingrc } from '../../src/cli/init.ts';
import { createProject } from '../config/project.ts';
import { callMain } from './call-main.ts';

interface Answer {
  readonly file: string;
  readonly wrote: boolean;
  readonly project: Readonly<Record<string, unknown>>;
  readonly next: readonly string[];
}

async function init(t: TestContext, cwd: string): Promise<Answer & { readonly code: number }> {
  const { code, stdout } = await callMain(t, ['init', '--json'], { cwd });
  return { code, ...(JSON.parse(stdout) as Answer) };
}

suite('tracing init', () => {
  test('writes a .tracingrc that loads without a complaint, beside package.json', async (t) => {
    const project = createProject({
      'package.json': {
        name: 'shop',
        type: 'module',
        scripts: { start: 'node app.js' },
        dependencies: { express: '5' },
      },
      'pnpm-lock.yaml': '',
      'src/app.js': '',
    });
    const answer = await init(t, join(project.folder, 'src'));
    assert.deepEqual(answer, {
      code: 0,
      file: join(project.folder, '.tracingrc'),
      wrote: true,
      project: { folder: project.folder, framework: 'Express', moduleKind: 'ES module', packageManager: 'pnpm' },
      next: [
        'pnpm add @tracing/agent',
        '"start": "node --import @tracing/agent app.js"',
        'npx tracing doctor -- pnpm start',
      ],
    });
    const { config, issues } = project.read();
    assert.deepEqual(issues, []);
    assert.deepEqual([config['service.name'], config['url.ignore']], ['shop', ['/health', '/ready']]);
  });

  test('writes lines that are right when their comment signs are taken away', () => {
    const text = createTracingrc({ name: 'shop: "api"', framework: 'Next.js' });
    const option = /^(\s*)# (?=\s*[\w.]+:(?: |$))/gm;
    const all = text.split('\n').slice(1).join('\n').replaceAll(option, '$1');
    const project = createProject({ '.tracingrc': all });
    const { config, issues } = project.read();
    assert.deepEqual(issues, []);
    assert.equal(config['service.name'], 'shop: "api"');
    assert.equal(config['service.environment'], 'production');
    assert.deepEqual(config['sampling.keep'], { errors: true, slowerThanMillis: 2000 });
    assert.equal(config['export.otlp.endpoint'], 'http://localhost:4318');
    assert.ok(config['url.ignore'].includes('GET /_next/static/*'));
  });

  for (const [name, content] of [
    ['.tracingrc', 'sampling: { ratio: 0.5 }'],
    ['.config/tracingrc.yaml', 'sampling: { ratio: 0.5 }'],
    ['tracing.config.ts', 'export default {};'],
    ['package.json', '{ "tracing": { "sampling": { "ratio": 0.5 } } }'],
  ] as const) {
    test(`leaves ${name} as it is, and writes nothing beside it`, async (t) => {
      const project = createProject({ [name]: content });
      const files = readdirSync(project.folder, { recursive: true }).length;
      const { code, wrote, file } = await init(t, project.folder);
      assert.deepEqual([code, wrote, file], [1, false, join(project.folder, name)]);
      assert.equal(readFileSync(file, 'utf8'), content);
      assert.equal(readdirSync(project.folder, { recursive: true }).length, files);
    });
  }

  test('writes nothing over a folder of that name', async (t) => {
    const project = createProject({ '.tracingrc/kept': '' });
    const { code, wrote } = await init(t, project.folder);
    assert.deepEqual([code, wrote], [1, false]);
    assert.ok(statSync(join(project.folder, '.tracingrc')).isDirectory());
  });

  for (const [command, expected] of [
    ['node app.js', 'node --import @tracing/agent app.js'],
    [
      'NODE_ENV=production node --enable-source-maps dist/main.js',
      'NODE_ENV=production node --import @tracing/agent --enable-source-maps dist/main.js',
    ],
    ['node build.js && node app.js', 'node build.js && node --import @tracing/agent app.js'],
    ['tsx src/main.ts', 'tsx --import @tracing/agent src/main.ts'],
    ['tsx watch src/main.ts', 'tracing run -- tsx watch src/main.ts'],
    ['next start', 'tracing run -- next start'],
    ['nest start | pino-pretty', 'tracing run "nest start | pino-pretty"'],
  ] as const) {
    test(`makes \`${command}\` \`${expected}\``, () => assert.equal(addPreload(command), expected));
  }
});
