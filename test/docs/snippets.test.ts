// Whatever the pages of docs/ show in a fenced block works as it stands.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createProject } from '../config/project.ts';
import { runProgram } from '../support/run-program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Block {
  language: string;
  /** Where the block's fence is. */
  line: number;
  text: string;
}

function readBlocks(page: string): Block[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(({ 1: language = '', 2: block = '', index }) => ({
    language,
    line: text.slice(0, index).split('\n').length,
    text: block,
  }));
}

for (const page of ['redaction.md', 'url-rules.md', 'propagation.md', 'sampling.md']) {
  const blocks = readBlocks(page);
  const of = (language: string): Block[] => blocks.filter((block) => block.language === language);

  suite(`docs/${page}`, { concurrency: 4 }, () => {
    test('has blocks in YAML and in JavaScript, and no others but plain text', () => {
      assert.ok(of('yaml').length > 0);
      assert.ok(of('js').length > 0);
      assert.equal(of('yaml').length + of('js').length + of('').length, blocks.length);
    });

    for (const { line, text } of of('yaml')) {
      test(`the configuration in line ${line} loads without a complaint, and says something`, () => {
        const result = createProject({ '.tracingrc': text }).read();
        assert.deepEqual(result.issues, []);
        assert.equal(result.urlHidden, false);
        assert.notDeepEqual(result.config, createProject({}).read().config);
      });
    }

    for (const { line, text } of of('js')) {
      test(`the program in line ${line} runs`, async () => {
        const name = /^\/\/ (\S+\.\w+)\n/.exec(text)?.[1] ?? 'app.mjs';
        const project = createProject({ [name]: text });
        const link = join(project.folder, 'node_modules/@tracing/agent');
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(root, link);
        const { code, stderr } = await runProgram({ program: join(project.folder, name), cwd: project.folder });
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        if (name.startsWith('tracing.config')) {
          const { issues, file } = project.read();
          assert.deepEqual(issues, []);
          assert.equal(file, join(project.folder, name));
        }
      });
    }
  });
}
