// The tables of docs/libraries-tested.md are what the tests of this folder declare, and so what they prove.
// `UPDATE_DOCS=1 node --test test/libraries/tested.test.ts` writes them anew.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { libraries } from '../../src/instrumentations/libraries/table.ts';
import { readLibraryTests, type LibraryTest } from './library-project.ts';

const PAGE = join(import.meta.dirname, '../../docs/libraries-tested.md');
const INSTALLED = join(import.meta.dirname, '../../node_modules');
const SECTIONS: Readonly<Record<string, string>> = {
  'frameworks.test.ts': 'Web frameworks',
  'databases.test.ts': 'Databases, brokers, and what stands before them',
  'clients.test.ts': 'Clouds, sockets and queues',
  'models.test.ts': 'Language models',
  'logs.test.ts': 'Loggers',
};
/** What they declare is about options, not about libraries. */
const OTHERS: readonly string[] = ['middleware.test.ts', 'switches.test.ts'];
const HEADER = ['library', 'CommonJS', 'ES module', 'span', 'parent', 'main attributes'];
const watched = new Set(libraries.flatMap(({ modules }) => Object.keys(modules)));

interface DrawnSpan {
  readonly span: string;
  readonly parent: string;
  readonly attributes: string;
}

suite('docs/libraries-tested.md', () => {
  const tests = new Map<string, ReadonlyMap<string, LibraryTest>>();

  before(async () => {
    for (const file of Object.keys(SECTIONS)) tests.set(file, await readLibraryTests(file));
  });

  test('has every file that tests libraries', () => {
    const declaring = readdirSync(import.meta.dirname).filter(
      (file) =>
        file.endsWith('.test.ts') && /^ *libraryTest\(/m.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
    );
    assert.deepEqual(declaring.toSorted(), [...Object.keys(SECTIONS), ...OTHERS].toSorted());
  });

  test('shows what the tests expect', () => {
    const tables = Object.entries(SECTIONS).map(([file, title]) => {
      const rows = [...(tests.get(file) ?? [])].flatMap(([name, options]) => drawRows(name, options));
      const lines = [HEADER, HEADER.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
      return `## ${title}\n\n${lines.join('\n')}\n`;
    });
    const page = readFileSync(PAGE, 'utf8');
    const start = page.indexOf('## ');
    const wanted = (start < 0 ? page : page.slice(0, start)) + tables.join('\n');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, wanted);
    else assert.equal(page, wanted);
  });
});

/** A row for every span that is not like one before; only the first names the library. */
function drawRows(name: string, options: LibraryTest): readonly (readonly string[])[] {
  const spans = new Map(readSpans(options).map((span) => [JSON.stringify(span), span]));
  return [...spans.values()].map(({ span, parent, attributes }, index) => {
    const head = index === 0 ? [describe(name, options), 'yes', 'yes'] : ['', '', ''];
    return head.concat([span, parent, attributes].map(toCode));
  });
}

/** The packages with their versions: those that have an instrumentation, or all where none has one of its own. */
function describe(name: string, { links }: LibraryTest): string {
  const own = Object.entries(links).filter(([link]) => watched.has(link));
  const versions = (own.length > 0 ? own : Object.entries(links)).map(([link, target]) => {
    const manifest = readFileSync(join(INSTALLED, target, 'package.json'), 'utf8');
    return `${link} ${(JSON.parse(manifest) as { readonly version: string }).version}`;
  });
  return name.includes(' ') ? `${name}: ${versions.join(', ')}` : versions.join(', ');
}

function readSpans({ tree, attributes = [] }: LibraryTest): readonly DrawnSpan[] {
  const above: { readonly depth: number; readonly span: string }[] = [];
  const lines = tree.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const depth = line.length - line.trimStart().length;
    const at = attributes.map((name) => line.indexOf(` ${name}=`)).filter((index) => index >= 0);
    const end = Math.min(line.length, ...at);
    const span = line.slice(0, end).trim();
    while ((above.at(-1)?.depth ?? -1) >= depth) above.pop();
    const parent = above.at(-1)?.span ?? '';
    above.push({ depth, span });
    return { span, parent, attributes: line.slice(end).trim() };
  });
}

const toCode = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``);
