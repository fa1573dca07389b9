import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import type { RequestFacts } from '../../src/url-rules/match.ts';
import { type UserUrlFilter, createUrlFilter } from '../../src/url-rules/url-filter.ts';

const redactor = createRedactor();
const facts: RequestFacts = {
  direction: 'client',
  method: 'PUT',
  scheme: 'https',
  authority: 'api.example',
  path: '/',
  query: undefined,
  header: () => undefined,
};
const URL_TEXT = 'https://api.example/x?secret=hunter2';
const CLOSED = 'https://api.example/REDACTED';

const root = mkdtempSync(join(tmpdir(), 'tracing-filter-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** What the agent would print. */
let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
  const warn = (message: string): void => void warnings.push(message);
  diag.setLogger({ warn, error: warn, info: warn, debug: () => {}, verbose: () => {} }, DiagLogLevel.ALL);
  warnings = [];
});
afterEach(() => diag.disable());

// oxlint-disable-next-line unicorn/no-thenable -- a filter may return one
const toThenable = (then: () => void): object => ({ then });

function create(filter: unknown, folder = root): (url: string) => string {
  const made = createUrlFilter(filter as UserUrlFilter | string, { folder, redactor });
  assert.ok(made);
  return (url) => made(url, facts);
}

describe('a filter', () => {
  it('that is not given is none', () => {
    assert.equal(createUrlFilter(undefined, { folder: root, redactor }), undefined);
  });

  it('gets the real URL, the direction and the method, and nothing else', () => {
    const calls: unknown[][] = [];
    const filter = create((...given: unknown[]) => {
      calls.push(given);
      return given[0];
    });
    assert.equal(filter(URL_TEXT), URL_TEXT);
    assert.equal(calls.length, 1);
    assert.ok(calls[0]?.[0] instanceof URL);
    assert.equal(calls[0][0].href, URL_TEXT);
    assert.deepEqual(calls[0].slice(1), [{ direction: 'client', method: 'PUT' }]);
  });

  it('may return a URL, the URL it was given after changing it, or a text', () => {
    assert.equal(create(() => new URL('https://other.example/y'))(URL_TEXT), 'https://other.example/y');
    assert.equal(create((url: URL) => ((url.search = ''), url))(URL_TEXT), 'https://api.example/x');
    assert.equal(create(() => 'https://api.example/kept?a=%zz#é')(URL_TEXT), 'https://api.example/kept?a=%zz#é');
    assert.deepEqual(warnings, []);
  });

  const bad: ReadonlyArray<readonly [string, unknown, RegExp]> = [
    [
      'throws an error',
      () => {
        throw new TypeError('hunter2');
      },
      /failed \(TypeError\)/,
    ],
    [
      'throws a text',
      () => {
        throw 'hunter2';
      },
      /failed \(string\)/,
    ],
    [
      'throws nothing at all',
      () => {
        throw undefined;
      },
      /failed \(undefined\)/,
    ],
    ['returns undefined', () => undefined, /returned the type undefined/],
    ['returns null', () => null, /returned null/],
    ['returns a number', () => 7, /returned the type number/],
    ['returns an object that looks like a URL', () => ({ href: URL_TEXT }), /returned the type object/],
    ['returns a text that is no URL', () => 'hunter2', /returned a text that is no URL/],
    ['returns an empty text', () => '', /returned a text that is no URL/],
    ['returns a path', () => '/x?secret=hunter2', /returned a text that is no URL/],
    ['returns a URL without a host', () => 'https:///hunter2', /returned a text that is no URL/],
    ['returns a promise', () => Promise.resolve(URL_TEXT), /returned a promise, it must be synchronous/],
    ['is async', async () => URL_TEXT, /returned a promise, it must be synchronous/],
    ['returns a promise that rejects', () => Promise.reject(new Error('hunter2')), /returned a promise/],
    ['returns something with a method then', () => toThenable(() => {}), /returned a promise/],
    [
      'returns something whose then throws',
      () =>
        toThenable(() => {
          throw new Error('hunter2');
        }),
      /failed \(Error\)/,
    ],
    [
      'returns something that cannot be looked at',
      () =>
        new Proxy(
          {},
          {
            has() {
              throw new Error('hunter2');
            },
          },
        ),
      /failed \(Error\)/,
    ],
    [
      'throws an error without a readable name',
      () => {
        throw Object.defineProperty(new Error('x'), 'name', {
          get() {
            throw new Error('hunter2');
          },
        });
      },
      /failed/,
    ],
    [
      'never ends its recursion',
      function recur(): unknown {
        return recur();
      },
      /failed \(RangeError\)/,
    ],
  ];
  for (const [what, given, warning] of bad) {
    it(`that ${what} leaves scheme and host, and is reported once without the URL`, () => {
      const filter = create(given);
      assert.equal(filter(URL_TEXT), CLOSED);
      assert.equal(filter(`${URL_TEXT}&again`), CLOSED);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', warning);
      assert.match(warnings[0] ?? '', /recorded as scheme:\/\/host\/REDACTED/);
      assert.doesNotMatch(warnings[0] ?? '', /hunter2/);
    });
  }

  it('that rejects later does not end the program', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    create(() => Promise.reject(new Error('late')))(URL_TEXT);
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    assert.deepEqual(rejections, []);
  });

  it('that fails for some URLs works for the others', () => {
    const filter = create((url: URL) => {
      if (url.search !== '') throw new Error('no queries');
      return url;
    });
    assert.equal(filter(URL_TEXT), CLOSED);
    assert.equal(filter('https://api.example/x'), 'https://api.example/x');
  });

  for (const url of [
    '*',
    'api.example',
    'http://[bad?secret=hunter2',
    'http://a:b:c@/',
    'https://user:pw@api.example:99999/',
  ]) {
    it(`is not asked about ${url}, which cannot be parsed, and shows nothing of it`, () => {
      let calls = 0;
      const result = create(() => (calls++, 'https://x.example/'))(url);
      assert.equal(calls, 0);
      assert.equal(result, 'REDACTED');
      assert.match(warnings.join(), /cannot be given a URL that cannot be parsed/);
    });
  }

  it('never shows userinfo when it fails', () => {
    assert.equal(create(() => 1)('https://user:hunter2@api.example/x'), 'REDACTED');
  });

  it('that is slow again and again is used all the same, and said to be slow once', () => {
    const slow = (url: URL): URL => {
      const until = performance.now() + 25;
      while (performance.now() < until);
      return url;
    };
    const filter = create(slow);
    for (let call = 0; call < 2; call++) assert.equal(filter(URL_TEXT), URL_TEXT);
    assert.equal(warnings.length, 0, 'a pause of the machine may make one or two calls slow');
    for (let call = 0; call < 3; call++) assert.equal(filter(URL_TEXT), URL_TEXT);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /took more than 20 ms/);
  });
});

describe('a filter in a module', () => {
  let folders = 0;
  function createIn(files: Readonly<Record<string, string>>, path: string): (url: string) => string {
    const folder = join(root, String(folders++));
    for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return create(path, folder);
  }
  const BODY = "(url) => { url.search = ''; return url; }";

  for (const [name, text, packageJson = '{}'] of [
    ['filter.cjs', `module.exports = ${BODY};`],
    ['filter.js', `module.exports = ${BODY};`],
    ['filter.js', `export default ${BODY};`, '{"type":"module"}'],
    ['filter.mjs', `export default ${BODY};`],
    ['filter.mjs', `export const urlFilter = ${BODY};`],
    ['lib/filter.cjs', `exports.filter = ${BODY};`],
    ['filter.ts', "export default (url: URL): URL => { url.search = ''; return url; };", '{"type":"module"}'],
    ['filter.cts', "module.exports = (url: URL): URL => { url.search = ''; return url; };"],
  ] as const) {
    it(`is found in ${name}: ${text.slice(0, 30)}`, () => {
      const filter = createIn({ [name]: text, 'package.json': packageJson }, `./${name}`);
      assert.deepEqual(warnings, []);
      assert.equal(filter(URL_TEXT), 'https://api.example/x');
    });
  }

  it('is found with and without ./, and by an absolute path', () => {
    const files = { 'filter.cjs': `module.exports = ${BODY};` };
    assert.equal(createIn(files, 'filter.cjs')(URL_TEXT), 'https://api.example/x');
    assert.equal(createIn(files, join(root, String(folders), 'filter.cjs'))(URL_TEXT), 'https://api.example/x');
  });

  for (const [what, files, warning] of [
    ['is missing', {}, /the module cannot be loaded \(Error\)/],
    ['exports no function', { 'f.cjs': 'module.exports = 7;' }, /the module exports no function/],
    ['exports an object without a function', { 'f.cjs': 'exports.default = 1;' }, /the module exports no function/],
    ['cannot be parsed', { 'f.cjs': 'hunter2 hunter2' }, /the module cannot be loaded \(SyntaxError\)/],
    ['throws when it is loaded', { 'f.cjs': "throw new RangeError('hunter2')" }, /cannot be loaded \(RangeError\)/],
  ] as const) {
    it(`that ${what} hides every URL`, () => {
      const filter = createIn(files, './f.cjs');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', warning);
      assert.match(warnings[0] ?? '', /hidden until it is mended/);
      assert.doesNotMatch(warnings[0] ?? '', /hunter2/);
      assert.equal(filter(URL_TEXT), CLOSED);
    });
  }

  it('with top-level await hides every URL, as it cannot be loaded in time', () => {
    const filter = createIn({ 'f.mjs': `await 0;\nexport default ${BODY};` }, './f.mjs');
    assert.match(warnings[0] ?? '', /cannot be loaded/);
    assert.equal(filter(URL_TEXT), CLOSED);
  });
});
