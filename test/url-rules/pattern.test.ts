import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { compilePattern, type RequestUrl } from '../../src/url-rules/pattern.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

function toUrl(text: string, method = 'GET'): RequestUrl {
  const [, scheme = '', authority = '', path = ''] = /^(\w+):\/\/([^/]*)(.*)$/.exec(text) ?? [];
  return { method, scheme, authority, path };
}

const onPath = (path: string): RequestUrl => ({ method: 'GET', scheme: 'http', authority: 'shop.example', path });

suite('a pattern', () => {
  const cases: readonly [pattern: string, matches: readonly string[], others: readonly string[]][] = [
    [
      '/health',
      ['http://a/health', 'https://b:8080/health', 'http://a/health/'],
      ['http://a/healthz', 'http://a/x/health', 'http://a/Health', 'http://a/'],
    ],
    ['/', ['http://a/'], ['http://a/x', 'http://a']],
    ['/static/*', ['http://a/static/', 'http://a/static/x/y.js'], ['http://a/stati', 'http://a/x/static/y']],
    ['*/static/*', ['http://a/x/static/y'], ['http://a/x/dynamic/y']],
    [
      '/users/:id',
      ['http://a/users/7', 'http://a/users/7/'],
      ['http://a/users/', 'http://a/users/7/x', 'http://a/users'],
    ],
    ['/users/:id/*/end', ['http://a/users/7/x/y/end'], ['http://a/users//x/end', 'http://a/users/7/end']],
    ['/a:b', ['http://a/a:b'], ['http://a/aXb']],
    ['/*:raw/end', ['http://a/x:raw/end', 'http://a/:raw/end'], ['http://a/x/end', 'http://a/x/y']],
    [
      'https://*.example.com/x*',
      ['https://API.Example.com/x', 'https://a.b.example.com/xy/z'],
      [
        'http://api.example.com/x',
        'https://example.com/x',
        'https://api.example.com/y',
        'https://api.example.com.evil/x',
      ],
    ],
    ['http://127.0.0.1:*/*', ['http://127.0.0.1:4318/v1/traces', 'http://127.0.0.1:1'], ['http://127.0.0.1/']],
    ['*://shop.example', ['http://shop.example/', 'https://shop.example:8443/x/y'], ['http://shop.example.evil/']],
    ['http://shop.example:81/*', ['http://shop.example:81/x'], ['http://shop.example/x', 'http://shop.example:82/x']],
    ['metrics', ['http://a/x/metrics/y', 'http://metrics.example/'], ['http://a/metric']],
    ['/a.b', ['http://a/a.b'], ['http://a/aXb']],
    ['/a+(b)[c]$', ['http://a/a+(b)[c]$'], ['http://a/aab']],
  ];
  for (const [pattern, matches, others] of cases) {
    test(`${pattern} fits ${matches.join(' ')} and not ${others.join(' ')}`, () => {
      const fits = compilePattern(pattern);
      assert.deepEqual(
        [...matches, ...others].filter((text) => fits(toUrl(text))),
        matches,
      );
    });
  }

  test('with a method fits that method only', () => {
    const fits = compilePattern('POST /cart');
    assert.deepEqual(
      ['POST', 'GET', 'post'].map((method) => fits(toUrl('http://a/cart', method))),
      [true, false, false],
    );
    assert.equal(compilePattern('GET https://a/*')(toUrl('http://a/x')), false);
  });

  test('fits what the regular expression that it stands for fits', () => {
    const piece = fc.constantFrom('*', '/', ':id', 'a', 'b', 'ab', '.', '//', '**');
    const text = fc.array(fc.constantFrom('a', 'b', '/', '.', 'ab', ':id'), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), text, (pieces, letters) => {
        // Behind /x, so that it is neither a word nor a regular expression.
        const pattern = `/x${pieces.join('')}`;
        const path = `/x${letters.join('')}`;
        if (/\/[a-z]*$/.test(pattern)) return;
        const source = pattern
          .split(/(\*+|(?<=\/):[A-Za-z_]\w*)/)
          .map((part, index) => {
            if (index % 2 === 0) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
            return part.startsWith('*') ? '[^]*' : '[^/]+(?=/|$)';
          })
          .join('');
        const wanted = new RegExp(`^${source}$`);
        assert.equal(
          compilePattern(pattern)(onPath(path)),
          wanted.test(path) || (path.endsWith('/') && wanted.test(path.slice(0, -1))),
          `${pattern} on ${path}`,
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('takes time that grows with the length of the URL, not with its square', () => {
    // Each is what makes a backtracking matcher slow: a square of 400 000 characters would take minutes.
    const hostile: readonly [pattern: string, piece: string][] = [
      ['/*a*a*a*a*a*a*a*b', 'a'],
      ['/*:a*:a*:a*b', 'a/'],
      ['*/x/:a/:b/:c/end', '/x/y'],
      ['aaaaaaaab', 'a'],
      ['https://*a*a*a*.example/*a*b', 'a'],
    ];
    for (const [pattern, piece] of hostile) {
      const fits = compilePattern(pattern);
      const path = `/${piece.repeat(400_000 / piece.length)}`;
      const authority = `${'a'.repeat(100_000)}.example`;
      const millis = cpuMillisOf(() => assert.equal(fits({ method: 'GET', scheme: 'https', authority, path }), false));
      assert(millis < 1000, `${pattern} took ${millis} ms`);
    }
  });
});
