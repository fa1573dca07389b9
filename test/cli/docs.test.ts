// docs/cli.md and docs/troubleshooting.md say what is so: commands run, shapes are those of the output, causes those of doctor.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callMain } from './call-main.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, 'bin/tracing.js');
const page = readFileSync(join(root, 'docs/cli.md'), 'utf8');

function createShop(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-docs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const link = join(folder, 'node_modules/@tracing/agent');
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(root, link);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', scripts: { start: 'node app.js' } }));
  writeFileSync(join(folder, 'app.js'), "fetch('data:,').then(() => console.log('open'));\n");
  return folder;
}

/** Runs a line as a shell does. */
async function runLine(line: string, cwd: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const child = spawn('sh', ['-c', line.replace('npx tracing', `'${process.execPath}' '${program}'`)], {
    cwd,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, TRACING_CONSOLE: 'tree' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = await once(child, 'close');
  return { code, stderr };
}

/** The words of a line that has no quotes but single ones around a whole word. */
const toWords = (line: string): readonly string[] =>
  (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));

const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);

suite('docs/cli.md', { timeout: 180_000 }, () => {
  // What a command ends with, where that is not 0: the project does not load the agent.
  const codes: Readonly<Record<string, number>> = {
    'npx tracing doctor -- npm start': 1,
    'npx tracing doctor --seconds 30 -- node app.js': 1,
  };
  for (const line of blocks('sh').flatMap((text) => text.trimEnd().split('\n'))) {
    test(`${line} runs`, async (t) => {
      const cwd = createShop(t);
      const isOfOthers = line.includes(' -- ');
      const { code, stderr } = isOfOthers
        ? await runLine(line, cwd)
        : await callMain(t, toWords(line).slice(2), { cwd });
      assert.equal(code, codes[line] ?? 0, stderr);
    });
  }

  const shapes: ReadonlyArray<readonly string[]> = [
    ['doctor', '--json'],
    ['config', '--json'],
    ['url', '--json', 'https://api.example.com/pay?token=abc'],
    ['init', '--json'],
  ];
  for (const [index, args] of shapes.entries()) {
    test(`shows the shape of ${args.slice(0, 2).join(' ')}`, async (t) => {
      const { stdout } = await callMain(t, args, { cwd: createShop(t) });
      const shown = JSON.parse(blocks('json')[index] ?? '') as object;
      assertShape(JSON.parse(stdout), shown, args[0] ?? '');
    });
  }
});

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
