import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type Match, type RequestFacts, compileMatch } from '../../src/url-rules/match.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

/** The facts of a request, as an instrumentation would give them. */
function factsOf(text: string, more: Partial<RequestFacts> & { headers?: Record<string, string> } = {}): RequestFacts {
  const [, scheme = '', authority = '', path = '', query] = /^(\w+):\/\/([^/]*)([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  const { headers = {}, ...facts } = more;
  return {
    direction: 'client',
    method: 'GET',
    scheme,
    authority,
    path,
    query,
    header: (name) => headers[name],
    ...facts,
  };
}

const fits = (match: Match | string, url: string, more?: Parameters<typeof factsOf>[1]): boolean =>
  compileMatch(match)(factsOf(url, more));

describe('a pattern', () => {
  for (const [pattern, url, expected] of [
    ['/health', 'http://a/health', true],
    ['/health', 'http://a/health/', true],
    ['/health', 'http://a/health?full=1', true],
    ['/health', 'http://a/healthy', false],
    ['/health', 'http://a/x/health', false],
    ['/health', 'http://a/Health', false],
    ['/static/', 'http://a/static/', true],
    ['/static/', 'http://a/static/x', false],
    ['/static/*', 'http://a/static/x/y.css', true],
    ['/static/*', 'http://a/static', false],
    ['*/ping', 'http://a/x/ping', true],
    ['/users/:id', 'http://a/users/7', true],
    ['/users/:id', 'http://a/users/7/', true],
    ['/users/:id', 'http://a/users/', false],
    ['/users/:id', 'http://a/users/7/x', false],
    ['/users/:id/*', 'http://a/users/7/x/y', true],
    ['/a/*/b/*/c', 'http://a/a/b/b/x/b/c/c', true],
    ['/a/*/b', 'http://a/a/b', false],
    ['https://api.example/*', 'https://api.example/x', true],
    ['https://api.example/*', 'http://api.example/x', false],
    ['https://api.example/*', 'https://api.example:8443/x', true],
    ['https://api.example:*/*', 'https://api.example:8443/x', true],
    ['https://api.example:8443/*', 'https://api.example:8443/x', true],
    ['https://api.example:8443/*', 'https://api.example/x', false],
    ['https://*.example/*', 'https://A.B.Example/x', true],
    ['https://*.example/*', 'https://example/x', false],
    ['*://api.example', 'https://api.example/x', true],
    ['http*://api.example/x', 'https://api.example/x', true],
    ['http://[::1]:3000/x', 'http://[::1]:3000/x', true],
    ['telemetry', 'https://telemetry.example/x', true],
    ['telemetry', 'https://api.example/v1/telemetry/x', true],
    ['telemetry', 'https://api.example/?telemetry', false],
    ['/^/v\\d+/', 'http://a/v12/x', true],
    ['/^/v\\d+/', 'http://a/x/v12', false],
    ['/HEALTH/i', 'http://a/health', true],
    ['/^https:/', 'https://a/', true],
    ['/token=/', 'https://a/?token=1', false],
    ['/api/m', 'http://a/api/x', false],
    ['/api/m', 'http://a/api/m', true],
    ['GET /x', 'http://a/x', true],
    ['POST /x', 'http://a/x', false],
    ['GET /^/x$/', 'http://a/x', true],
    ['GET https://a.example/*', 'https://a.example/x', true],
    ['*', 'http://a/x', true],
  ] as const) {
    it(`${pattern} ${expected ? 'fits' : 'does not fit'} ${url}`, () => assert.equal(fits(pattern, url), expected));
  }

  it('takes *, and OPTIONS * with it, as a path', () => {
    const asterisk = { ...factsOf('http://a/'), method: 'OPTIONS', path: '*' };
    assert.equal(compileMatch('OPTIONS *')(asterisk), true);
    assert.equal(compileMatch('/x')(asterisk), false);
  });

  it('with * only where the path agrees with RegExp', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '/', '*', '.');
    const pattern = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}x`);
    const path = fc
      .array(fc.constantFrom('a', 'b', '/', '.'), { maxLength: 12 })
      .map((pieces) => `/${pieces.join('')}x`);
    fc.assert(
      fc.property(pattern, path, (pattern, path) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll(/\*+/g, '[^]*');
        assert.equal(fits({ path: pattern }, `http://h${path}`), new RegExp(`^${source}$`).test(path));
      }),
    );
  });

  it('of many stars is as fast on a long path that does not fit', () => {
    const matches = compileMatch(`${'/*a'.repeat(30)}b`);
    const facts = factsOf(`http://h${'/a'.repeat(20_000)}`);
    const millis = cpuMillisOf(() => assert.equal(matches(facts), false));
    assert.ok(millis < 1_000, `${millis} ms`);
  });
});

describe('a field', () => {
  const url = 'https://api.example:8443/users/7?page=2&debug=&tag=a&tag=b';
  const headers = { 'user-agent': 'kube-probe/1.30', 'x-canary': '1' };
  for (const [match, expected] of [
    [{}, true],
    [{ direction: 'client' }, true],
    [{ direction: 'server' }, false],
    [{ method: 'GET' }, true],
    [{ method: 'get' }, true],
    [{ method: ['POST', 'GET'] }, true],
    [{ method: ['POST'] }, false],
    [{ host: 'api.example' }, true],
    [{ host: 'API.example:8443' }, true],
    [{ host: 'api.example:443' }, false],
    [{ host: '*.example' }, true],
    [{ host: 'example' }, false],
    [{ host: '/^api\\./' }, true],
    [{ host: '/^\\D+$/' }, true],
    [{ host: '/^API/i' }, true],
    [{ path: '/users/:id' }, true],
    [{ path: '/users/*' }, true],
    [{ path: '/^/users/\\d+$/' }, true],
    [{ path: '/Users/*' }, false],
    [{ query: 'page' }, true],
    [{ query: 'debug' }, true],
    [{ query: ['page', 'tag'] }, true],
    [{ query: ['page', 'none'] }, false],
    [{ query: { page: '2' } }, true],
    [{ query: { page: '/^[13]$/' } }, false],
    [{ query: { tag: 'a' } }, true],
    [{ header: 'X-Canary' }, true],
    [{ header: 'x-none' }, false],
    [{ header: { 'User-Agent': 'kube-probe/*' } }, true],
    [{ header: { 'user-agent': 'curl/*' } }, false],
    [{ method: 'GET', host: 'api.example', path: '/users/:id', query: 'page', header: 'x-canary' }, true],
    [{ method: 'GET', host: 'api.example', path: '/orders/:id' }, false],
  ] as ReadonlyArray<readonly [Match, boolean]>) {
    it(`${JSON.stringify(match)} ${expected ? 'fits' : 'does not fit'}`, () => {
      assert.equal(fits(match, url, { headers }), expected);
    });
  }

  it('reads the query as the receiving program would', () => {
    assert.equal(fits({ query: { q: 'a b' } }, 'http://a/?%71=a+b'), true);
    assert.equal(fits({ query: 'q' }, 'http://a/'), false);
    assert.equal(fits({ query: 'q' }, 'http://a/?%zz&q'), true);
  });

  it('of a host holds for an IPv6 address with and without port', () => {
    assert.equal(fits({ host: '[::1]' }, 'http://[::1]:3000/'), true);
    assert.equal(fits({ host: '[::1]' }, 'http://[::1]/'), true);
  });

  it('of a direction holds for the other one where it says so', () => {
    assert.equal(fits({ direction: 'server' }, 'http://a/', { direction: 'server' }), true);
  });
});
