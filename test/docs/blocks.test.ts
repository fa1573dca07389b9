// Every fenced block of README.md and docs/ works as it stands: it is run, loaded or compared here by its language, or it stands in the list
// below with what is done instead. A block that is in neither fails.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { before, suite, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { callMain } from '../cli/call-main.ts';
import { createProject } from '../config/project.ts';
import { runProgram } from '../support/run-program.ts';
import { type Block, blocks, readShellLine, root } from './blocks.ts';

/** What a page shows of a reader's own project. */
const APP = "console.log('open');\n";
/** A server in an ES module that asks itself one thing. */
const SERVER = `import express from 'express';
const app = express().get('/orders/:id', (request, response) => response.send('ok'));
const server = app.listen(0, '127.0.0.1', async () => {
  await (await fetch(\`http://127.0.0.1:\${server.address().port}/orders/7?token=secret-value-123\`)).text();
  server.close();
  server.closeAllConnections();
});
`;

type Check = (t: TestContext, block: Block) => unknown;

interface Exception {
  readonly page: string;
  /** How the block begins. */
  readonly starts: string;
  /** Why the block is not run by its language. */
  readonly because: string;
  /** What is checked all the same. */
  readonly check?: Check;
}

const exceptions: readonly Exception[] = [
  {
    page: 'README.md',
    starts: 'npm install @tracing/agent',
    because: 'test/cli/newcomer.test.ts installs the package with each manager; here the rest of the block runs',
    check: (t, block) => runShellLines(t, block.text.split('\n').slice(1)),
  },
  {
    page: 'docs/migrating.md',
    starts: 'npm install @tracing/agent',
    because: 'as in README.md',
    check: (t, block) => runShellLines(t, block.text.split('\n').slice(1)),
  },
  {
    page: 'docs/cli.md',
    starts: 'url.full of a request',
    because: 'the output of a command of the same section',
    async check(t, { text }) {
      const args = ['url', 'https://bob:secret@api.example.com/pay?token=abc&page=2'];
      const { stdout } = await callMain(t, args, { cwd: createShop().folder });
      assert.ok(stdout.startsWith(text), stdout);
    },
  },
  {
    page: 'docs/redaction.md',
    starts: 'https://api.example/orders/7',
    because: 'URLs as they are recorded',
    check(_, { text }) {
      const { redact } = createRedactor();
      const given = [
        'https://api.example/orders/7?page=2&access_token=8f2kQ0zL1xP9',
        'https://bob:pw@db.example/reset-password/Ab12cd34ef56gh78?lang=en',
      ];
      assert.equal(given.map((url) => `${redact(url, 'client')}\n`).join(''), text);
    },
  },
  {
    page: 'docs/guarding.md',
    starts: 'tracing: internal error',
    because: 'two lines of a broken agent; test/log makes them',
  },
  {
    page: 'docs/configuration.md',
    starts: 'service:\n  nmae',
    because: 'wrong on purpose; test/docs/pages.test.ts compares what it gives',
  },
  {
    page: 'docs/configuration.md',
    starts: 'tracing: .tracingrc:2',
    because: 'written by npm run configuration, and compared',
  },
  { page: 'docs/configuration.md', starts: 'url:\n  redact:\n    kyes', because: 'wrong on purpose, as above' },
  {
    page: 'docs/configuration.md',
    starts: 'tracing: .tracingrc:3',
    because: 'written by npm run configuration, and compared',
  },
  {
    page: 'docs/compliance.md',
    starts: 'node test/compliance/run-suite.ts',
    because: 'it needs a clone of another project',
  },
  { page: 'docs/performance.md', starts: 'node scripts/build.ts', because: 'measuring takes minutes' },
  {
    page: 'docs/libraries.md',
    starts: 'mkdir /tmp/upstream',
    because: 'it installs another agent, and measures for minutes',
  },
  {
    page: 'docs/viewer.md',
    starts: 'npx tracing view',
    because: 'it runs until it is ended; test/cli/viewer-commands.test.ts runs it',
  },
  { page: 'docs/viewer.md', starts: 'npx tracing run --view', because: 'as above' },
  {
    page: 'docs/declarative-configuration.md',
    starts: 'file_format',
    because: "OpenTelemetry's own format",
    check(_, { text }) {
      const project = createProject({ 'otel.yaml': text });
      const env = { OTEL_CONFIG_FILE: join(project.folder, 'otel.yaml'), KEY: 'abc' };
      const { config, issues } = project.read({ env });
      assert.deepEqual([issues, config['service.name'], config['sampling.ratio']], [[], 'shop', 0.1]);
    },
  },
  {
    page: 'docs/deploying.md',
    starts: 'FROM node:24-slim\nWORKDIR /app',
    because: 'no container here: its environment and its command run beside an installed agent',
    async check(_, { text }) {
      const { folder } = createShop();
      const env: Record<string, string> = {};
      for (const [, line = ''] of text.matchAll(/^ENV (.+)$/gm)) Object.assign(env, readShellLine(line).env);
      assertVariables(env);
      const [, command = '[]'] = /^CMD (.+)$/m.exec(text) ?? [];
      assert.deepEqual(JSON.parse(command), ['node', 'app.js']);
      const { NODE_OPTIONS: options = '' } = env;
      const { code, stderr } = await runProgram({
        program: join(folder, 'app.js'),
        cwd: '/',
        env: {
          ...env,
          NODE_OPTIONS: options.replace('/app/', `${folder}/`),
          OTEL_EXPORTER_OTLP_ENDPOINT: '',
          TRACING_CONSOLE: 'tree',
        },
      });
      assert.equal(code, 0);
      assert.match(stderr, /^tracing 0\.\d+ {2}shop /);
    },
  },
  {
    page: 'docs/deploying.md',
    starts: 'FROM node:24-slim AS build',
    because: 'no container here: the layout runs as the operator runs it',
    check: checkOperatorImage,
  },
  {
    page: 'docs/deploying.md',
    starts: 'apiVersion: apps/v1',
    because: 'no Kubernetes here: its variables are read',
    check: (_, { text }) => assertVariables(toEnv(parse(text).spec.template.spec.containers[0].env)),
  },
  {
    page: 'docs/deploying.md',
    starts: 'apiVersion: opentelemetry.io',
    because: 'read by the check of the image before it',
  },
  {
    page: 'docs/deploying.md',
    starts: '[Unit]',
    because: 'no systemd here: its command runs as that of README.md',
    check: (_, { text }) => assert.match(text, /^ExecStart=\/usr\/bin\/node --import @tracing\/agent app\.js$/m),
  },
  {
    page: 'docs/deploying.md',
    starts: 'receivers:',
    because: 'a file of the collector: all that its pipelines name is in it',
    check(_, { text }) {
      const { service, ...sections } = parse(text) as Record<string, Record<string, object>>;
      for (const pipeline of Object.values(service?.['pipelines'] ?? {}) as Array<Record<string, string[]>>) {
        for (const [kind, names] of Object.entries(pipeline))
          assert.deepEqual(
            names.filter((name) => !(name in (sections[kind] ?? {}))),
            [],
          );
        assert.deepEqual(pipeline['processors']?.[0], 'memory_limiter');
      }
    },
  },
  {
    page: 'docs/deploying.md',
    starts: "NODE_OPTIONS='--import @tracing/agent' npx next",
    because: 'Next.js is not installed',
  },
];

const isMeant = ({ page, starts }: Exception, block: Block): boolean =>
  block.page === page && block.text.startsWith(starts);

/** A project with the agent in it, as a link to this one. */
function createShop(files: Readonly<Record<string, string>> = {}): ReturnType<typeof createProject> {
  const manifest = { name: 'shop', scripts: { start: 'node app.js' } };
  const project = createProject({ 'package.json': manifest, 'app.js': APP, ...files });
  for (const name of ['@tracing/agent', '@opentelemetry/api', 'express']) {
    const link = join(project.folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(name === '@tracing/agent' ? root : join(root, 'node_modules', name), link);
  }
  return project;
}

/** Each variable is one that the agent reads, with a value that it understands. */
function assertVariables(env: Readonly<Record<string, string>>): void {
  const [first, ...others] = blocks.filter(({ text }) => text.startsWith('file_format'));
  assert.ok(first !== undefined && others.length === 0);
  const project = createProject({ 'otel.yaml': first.text });
  const file = env['OTEL_CONFIG_FILE'];
  const given = { ...env, ...(file !== undefined && { OTEL_CONFIG_FILE: join(project.folder, file), KEY: 'abc' }) };
  assert.deepEqual(project.read({ env: given }).issues, []);
}

type K8sEnv = ReadonlyArray<{ readonly name: string; readonly value?: string }>;
const toEnv = (list: K8sEnv): Record<string, string> =>
  Object.fromEntries(list.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));

/** Commands that ran already, by their line: they are the same on many pages. */
const ran = new Map<string, Promise<void>>();

async function runShellLines(t: TestContext, lines: readonly string[]): Promise<void> {
  for (const line of lines.filter((line) => line !== '')) {
    const { env, command } = readShellLine(line);
    // What loads the agent is part of the command.
    const { NODE_OPTIONS: options, ...ours } = env;
    assertVariables(ours);
    const whole = options === undefined ? command : `NODE_OPTIONS='${options}' ${command}`;
    if (command === '') continue;
    if (!ran.has(whole)) ran.set(whole, runShellLine(t, whole));
    await ran.get(whole);
  }
}

/** What a command ends with, where that is not 0: the project does not load the agent. */
const CODES: Readonly<Record<string, number>> = {
  'npx tracing doctor -- npm start': 1,
  'npx tracing doctor --seconds 30 -- node app.js': 1,
};

async function runShellLine(t: TestContext, line: string): Promise<void> {
  const isWithin = line.startsWith('npx tracing ') && !line.startsWith('npx tracing run ');
  const { code, said } = isWithin ? await runWithin(t, line) : await runInShell(t, line);
  assert.equal(code, CODES[line] ?? 0, `${line}\n${said}`);
  if (!isWithin) assert.match(said, /^tracing 0\.\d+ {2}shop /m, line);
}

interface Ran {
  readonly code: unknown;
  readonly said: string;
}

/** In this process: one for each command would take most of the time. */
async function runWithin(t: TestContext, line: string): Promise<Ran> {
  // Quotes are around whole words only.
  const words = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));
  const { code, stdout, stderr } = await callMain(t, words.slice(2), {
    cwd: createShop().folder,
    env: { PATH: toPath(t) },
  });
  return { code, said: stdout + stderr };
}

async function runInShell(t: TestContext, line: string): Promise<Ran> {
  // In a file that `node --test` runs the agent has no banner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn('sh', ['-c', line], {
    cwd: createShop().folder,
    env: { ...env, PATH: toPath(t), TRACING_CONSOLE: 'tree', TRACING_VIEWER: 'off' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const [code] = await once(child, 'close');
  return { code, said };
}

/** A PATH with this Node, and with an npm and an npx that do no more than is asked of them here: test/cli/newcomer.test.ts has the real ones. */
function toPath(t: TestContext): string {
  const bin = mkdtempSync(join(tmpdir(), 'tracing-bin-'));
  t.after(() => rmSync(bin, { recursive: true }));
  const commands = { npm: 'exec node app.js', npx: `shift; exec node '${join(root, 'bin/tracing.js')}' "$@"` };
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
}

/** Does what the Dockerfile does, copies the result as the operator does, and runs a program with the operator's environment. */
async function checkOperatorImage(_: TestContext, { text }: Block): Promise<void> {
  const { folder } = createShop({ 'package.json': '{"type":"module"}', 'app.js': SERVER });
  const [image, mount] = [join(folder, 'autoinstrumentation'), join(folder, 'otel-auto-instrumentation-nodejs')];
  mkdirSync(image);
  for (const [, command = ''] of text.matchAll(/^RUN (.+)$/gm)) {
    if (command === 'npm install @tracing/agent') {
      for (const name of ['dist', 'package.json'])
        cpSync(join(root, name), join(image, 'node_modules/@tracing/agent', name), { recursive: true });
      // npm leaves one.
      writeFileSync(join(image, 'package.json'), '{}');
    } else {
      const child = spawn('sh', ['-c', command.replace('/autoinstrumentation', image)], {
        cwd: image,
        stdio: 'inherit',
      });
      assert.deepEqual(await once(child, 'close'), [0, null], command);
    }
  }
  cpSync(image, mount, { recursive: true });
  rmSync(image, { recursive: true });

  const resource = blocks.find(({ text }) => text.startsWith('apiVersion: opentelemetry.io'));
  const { exporter, propagators, sampler, nodejs } = parse(resource?.text ?? '').spec;
  const env = {
    ...toEnv(nodejs.env),
    OTEL_EXPORTER_OTLP_ENDPOINT: exporter.endpoint as string,
    OTEL_PROPAGATORS: propagators.join(',') as string,
    OTEL_TRACES_SAMPLER: sampler.type as string,
    OTEL_TRACES_SAMPLER_ARG: sampler.argument as string,
    OTEL_NODE_IP: '10.0.0.1',
    OTEL_RESOURCE_ATTRIBUTES_POD_NAME: 'shop-1',
    OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=shop-1',
    OTEL_SERVICE_NAME: 'shop',
  };
  assertVariables(env);
  const { code, stderr } = await runProgram({
    program: join(folder, 'app.js'),
    cwd: folder,
    env: {
      ...env,
      NODE_OPTIONS: ` --require ${mount}/autoinstrumentation.js`,
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      OTEL_TRACES_SAMPLER: 'always_on',
      TRACING_CONSOLE: 'line',
    },
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^tracing 0\.\d+ {2}shop /);
  assert.match(stderr, / GET \/orders\/:id /);
  assert.match(stderr, /token=REDACTED/);
  assert.doesNotMatch(stderr, /secret-value-123/);
}

/** The config files and the programs of all pages, by where they stand. */
const nameOf = ({ text, language }: Block): string =>
  /^\/\/ (\S+\.\w+)\n/.exec(text)?.[1] ?? `app.${language === 'ts' ? 'mts' : 'mjs'}`;
const isConfig = (block: Block): boolean => nameOf(block).startsWith('tracing.config');
const isScript = ({ language }: Block): boolean => language === 'js' || language === 'ts';

/** `f(x); // result` becomes a comparison. */
const toProgram = (text: string): string =>
  text.replaceAll(/^(\w+\(.*\)); \/\/ (\S+)$/gm, 'if (($1) !== "$2") throw new Error(String($1));');

/** How each language is tried. */
const byLanguage: Readonly<Record<string, Check>> = {
  sh: (t, { text }) => runShellLines(t, text.trimEnd().split('\n')),

  yaml(_, { text }) {
    const result = createProject({ '.tracingrc': text }).read();
    assert.deepEqual([result.issues, result.urlHidden], [[], false]);
    assert.notDeepEqual(result.config, createProject({}).read().config);
  },

  js: tryScript,
  ts: tryScript,

  /** The shapes of what commands print with --json, in the order of docs/cli.md. */
  async json(t, block) {
    const commands = [['doctor'], ['config'], ['url', 'https://api.example.com/pay?token=abc'], ['init']];
    const all = blocks.filter(({ page, language }) => page === block.page && language === 'json');
    const args = commands[all.indexOf(block)];
    assert.ok(block.page === 'docs/cli.md' && args !== undefined, 'there is no command for it');
    const { stdout } = await callMain(t, [...args, '--json'], { cwd: createShop().folder });
    assertShape(JSON.parse(stdout), JSON.parse(block.text), args[0] ?? '');
  },
};

/** What each program says of itself, by its place. */
const programs = new Map<Block, string | undefined>();

async function runPrograms(): Promise<void> {
  const own = blocks.filter((block) => isScript(block) && !isConfig(block));
  const files = Object.fromEntries(own.map((block, index) => [`${index}/${nameOf(block)}`, toProgram(block.text)]));
  const { folder } = createShop(files);
  const runner = `for (const file of ${JSON.stringify(Object.keys(files).map((name) => pathToFileURL(join(folder, name)).href))})
  console.log(JSON.stringify(await import(file).then(() => null, (error) => String(error.stack))));`;
  writeFileSync(join(folder, 'run.mjs'), runner);
  const flags = ['--import', '@tracing/agent'];
  const env = { OTEL_TRACES_EXPORTER: 'none' };
  const { stdout, stderr } = await runProgram({ program: join(folder, 'run.mjs'), cwd: folder, flags, env });
  assert.equal(stderr, '');
  for (const [index, line] of stdout.trimEnd().split('\n').entries()) {
    const block = own[index];
    if (block !== undefined) programs.set(block, (JSON.parse(line) as string | null) ?? undefined);
  }
}

function tryScript(_: TestContext, block: Block): void {
  if (!isConfig(block)) {
    assert.ok(programs.has(block), 'it did not run');
    return assert.equal(programs.get(block), undefined);
  }
  const project = createShop({ [nameOf(block)]: block.text });
  const { issues, file, sources } = project.read();
  assert.deepEqual([issues, file], [[], join(project.folder, nameOf(block))]);
  assert.ok(
    Object.values(sources).some(
      (source) => typeof source === 'object' && 'file' in source && source.file === nameOf(block),
    ),
  );
}

/** Objects that are not maps have the same names as on the page; a list is compared by its first entry, where there is one. */
function assertShape(actual: unknown, shown: unknown, path: string): void {
  if (Array.isArray(actual) && Array.isArray(shown))
    return actual[0] === undefined ? undefined : assertShape(actual[0], shown[0], `${path}[]`);
  if (typeof actual !== 'object' || actual === null || typeof shown !== 'object' || shown === null) return;
  if (/\.(?:options|attributes|command|source)$/.test(path)) return;
  assert.deepEqual(Object.keys(actual), Object.keys(shown), path);
  for (const [name, value] of Object.entries(actual))
    assertShape(value, Object.entries(shown).find(([key]) => key === name)?.[1], `${path}.${name}`);
}

suite('blocks of README.md and docs/', { timeout: 300_000 }, () => {
  before(runPrograms);

  test('each exception is one block', () => {
    const counts = exceptions.map((exception) => [
      exception.starts,
      blocks.filter((block) => isMeant(exception, block)).length,
    ]);
    assert.deepEqual(
      counts.filter(([, count]) => count !== 1),
      [],
    );
  });

  for (const block of blocks) {
    test(`${block.page}:${block.line} ${block.language || 'text'}`, async (t) => {
      const exception = exceptions.find((one) => isMeant(one, block));
      const check = exception === undefined ? byLanguage[block.language] : (exception.check ?? (() => {}));
      assert.ok(check !== undefined, 'nothing runs it; say in the list above why not');
      await check(t, block);
    });
  }
});

suite('config/examples do what they say', { timeout: 60_000 }, () => {
  const expected: ReadonlyArray<readonly [example: string, url: string, shown: string | undefined, ...more: string[]]> =
    [
      [
        'api-with-tokens',
        'https://api.example/x?orderRef=A17&page=2',
        'https://api.example/x?orderRef=REDACTED&page=2',
      ],
      ['api-with-tokens', 'https://api.example/invite/abc', 'https://api.example/invite/REDACTED'],
      ['api-with-tokens', 'https://hooks.partner.example/in/abc/x', 'https://hooks.partner.example/in/REDACTED/x'],
      ['api-with-tokens', 'https://api.example/x?note=ACC-0123456789AB', 'https://api.example/x?note=REDACTED'],
      [
        'api-with-tokens',
        '/oauth/callback?state=ab&code=12',
        '/oauth/callback?state=REDACTED&code=REDACTED',
        '--server',
      ],
      ['api-with-tokens', '/search?key=Ab12cd34ef56gh78', '/search?key=Ab12cd34ef56gh78', '--server'],
      ['api-with-tokens', 'https://api.partner.example/x?page=2', 'https://api.partner.example/x?page=REDACTED'],
      ['gateway', '/health', undefined, '--server'],
      ['gateway', '/api/orders/7', '/api/orders/7', '--server'],
      ['nextjs', '/_next/static/a/b.js', undefined, '--server'],
      ['nextjs', '/cart?_rsc=12', '/cart?_rsc=12', '--server'],
      ['high-traffic', '/ready', undefined, '--server'],
    ];
  for (const [example, url, shown, ...more] of expected) {
    test(`${example}: ${url} is ${shown ?? 'ignored'}`, async (t) => {
      const env = { TRACING_CONFIG: join(root, `config/examples/${example}.tracingrc`) };
      const { code, stdout, stderr } = await callMain(t, ['url', url, '--json', ...more], { env });
      assert.equal(code, 0, stderr);
      const said = JSON.parse(stdout) as { readonly url: string; readonly ignored: boolean };
      assert.deepEqual([said.ignored, said.ignored ? undefined : said.url], [shown === undefined, shown]);
    });
  }
});
