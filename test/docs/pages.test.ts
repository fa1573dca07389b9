// Pages that scripts write are what the scripts write; names in all pages exist, and links lead somewhere.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { createConfiguration } from '../../scripts/write-configuration.ts';
import { createTroubleshooting } from '../../scripts/write-troubleshooting.ts';
import { BESIDE, NO_EFFECT, NOT_READ, UNKNOWN, createVariables } from '../../scripts/write-variables.ts';
import { checkVariables } from '../../src/config/check-variables.ts';
import { LATER_KEYS, LATER_VARIABLES, WITHOUT_EFFECT } from '../../src/config/later.ts';
import type { Option } from '../../src/config/option.ts';
import { options } from '../../src/config/options.ts';
import { pages, root } from './blocks.ts';

const rows: readonly (readonly [string, Option])[] = Object.entries(options);
const variables = new Set(rows.flatMap(([, row]) => (row.env ?? []).map(({ name }) => name)));
const generated = [
  ['configuration.md', createConfiguration, 'configuration'],
  ['variables.md', createVariables, 'configuration'],
  ['troubleshooting.md', createTroubleshooting, 'troubleshooting'],
] as const;

suite('generated pages', () => {
  for (const [name, create, script] of generated) {
    test(`docs/${name} is what npm run ${script} writes`, () => {
      assert.equal(readFileSync(join(root, 'docs', name), 'utf8'), create());
    });
  }

  test('names that are listed as not read set no option', () => {
    for (const name of [...Object.keys(NOT_READ), ...Object.keys(UNKNOWN)]) assert.ok(!variables.has(name), name);
  });

  test('one line is said of each name that is listed as unknown or without effect, and nothing is hidden for it', () => {
    const names = [
      ...Object.keys(UNKNOWN).map((name) => ['warn', name] as const),
      ...Object.keys(NO_EFFECT).map((name) => ['info', name.replace('*', 'X')] as const),
    ];
    for (const [level, name] of names) {
      const [first, ...others] = checkVariables({ [name]: 'x' }, options);
      assert.deepEqual([first?.level, first?.hidesUrls, others], [level, false, []], name);
    }
  });
});

/** Names that look like ours: a mistake that is shown, and options of another agent. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'docs/configuration.md: TRACING_CONSOLES',
  'docs/migrating.md: sampling.head',
  'docs/migrating.md: sampling.tail',
]);

test('the picture in README.md is of this version, and has no secret in it (else: npm run picture)', () => {
  const picture = readFileSync(join(root, 'docs/images/console.svg'), 'utf8');
  const [, version = ''] = /^(\d+\.\d+)\./.exec(packageJson.version) ?? [];
  assert.match(picture, new RegExp(`>tracing ${version}<`));
  assert.match(picture, /token=REDACTED/);
  assert.doesNotMatch(picture, /demo-token/);
});

suite('names and links', () => {
  test('every variable that a page names exists', () => {
    const known = new Set([
      ...variables,
      ...LATER_VARIABLES,
      ...[BESIDE, NO_EFFECT, NOT_READ, UNKNOWN].flatMap((list) => Object.keys(list)),
    ]);
    const unknown = pages.flatMap(({ name: page, text }) =>
      [...text.matchAll(/\b(?:OTEL|LOGFIRE|TRACING)_[A-Z0-9_]*[A-Z0-9]\b(?!_?\*)/g)]
        .map(([name]) => name)
        .filter((name) => !known.has(name) && !WITHOUT_EFFECT.test(name))
        .map((name) => `${page}: ${name}`),
    );
    assert.deepEqual(
      [...new Set(unknown)].filter((name) => !NOT_OURS.has(name)),
      [],
    );
  });

  test('every option that a page names exists', () => {
    // Other sections have the names of attributes too: http.route, url.full, service.name.
    const sections =
      /^(?:enabled|export|sampling|propagation|console|metrics|logs|limits|instrumentations|resource|log)\./;
    const unknown = pages.flatMap(({ name: page, text }) =>
      [...text.matchAll(/`([a-z]+(?:\.[\w-]+)+)(?:: [^`]*)?`/g)]
        .map(([, key = '']) => key)
        .filter((key) => sections.test(key) && !/^console\.(?:log|info|warn|error|debug)$/.test(key))
        .filter((key) => !isOption(key))
        .map((key) => `${page}: ${key}`),
    );
    assert.deepEqual(
      [...new Set(unknown)].filter((name) => !NOT_OURS.has(name)),
      [],
    );
  });

  test('every link leads to a file that is there, and to a heading of it', () => {
    const broken = pages.flatMap(({ name: page, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g)]
        .filter(([, file = '', heading]) => {
          const path = file === '' ? page : join(dirname(page), file);
          if (!existsSync(join(root, path))) return true;
          return heading !== undefined && !toHeadings(path).includes(heading);
        })
        .map(([link]) => `${page}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  test('README.md leads to every page', () => {
    const found = pages.filter(({ name }) => name !== 'README.md' && !isLinked(name));
    assert.deepEqual(
      found.map(({ name }) => name),
      [],
    );
  });
});

/** An option, a part of one that is an object, or a section. */
function isOption(key: string): boolean {
  const names = [...rows.map(([name]) => name), ...LATER_KEYS];
  return names.some((name) => name === key || name.startsWith(`${key}.`) || key.startsWith(`${name}.`));
}

/** From the README, or from a page that it leads to. */
function isLinked(name: string): boolean {
  const links = (page: string): string[] =>
    [...(pages.find((one) => one.name === page)?.text ?? '').matchAll(/\]\(((?:docs\/)?[\w-]+\.md)/g)].map(
      ([, file = '']) => file,
    );
  const first = links('README.md');
  return first.includes(name) || first.some((page) => links(page).some((file) => `docs/${file}` === name));
}

/** The headings of a page as links name them. */
function toHeadings(path: string): string[] {
  const text = pages.find(({ name }) => name === path)?.text ?? '';
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
