import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toClientTarget, toUrl } from '../../src/http-semconv/client-target.ts';

const origin = { scheme: 'http', authority: 'a:81' };

suite('the URL of a request target', () => {
  for (const [method, target, url, address, port] of [
    ['GET', '/x?y', 'http://a:81/x?y', 'a', 81],
    ['GET', '?y', 'http://a:81?y', 'a', 81],
    ['GET', 'x', 'http://a:81/x', 'a', 81],
    ['GET', '//evil.example/x', 'http://a:81//evil.example/x', 'a', 81],
    ['GET', 'https://b/x', 'https://b/x', 'b', 443],
    ['GET', 'http://[::1]:82/x', 'http://[::1]:82/x', '::1', 82],
    ['OPTIONS', '*', 'http://a:81', 'a', 81],
    ['CONNECT', 'b:443', 'http://b:443', 'b', 443],
    ['CONNECT', '/b:443', 'http://b:443', 'b', 443],
    ['CONNECT', '[::1]:8443', 'http://[::1]:8443', '::1', 8443],
  ] as const) {
    test(`${method} ${target} is ${url}`, () => {
      const found = toClientTarget(method, target, origin);
      assert.equal(toUrl(found), url);
      assert.deepEqual([found.address, found.port], [address, port]);
    });
  }
});
