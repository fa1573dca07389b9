import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toClientSpan } from '../../src/http-semconv/client-span.ts';
import { toServerSpan, type ServerRequestFacts } from '../../src/http-semconv/server-span.ts';

suite('a client span', () => {
  test('begins with method, address, port and URL, and is named after the method', () => {
    const facts = { method: 'GET', url: 'https://a:1/x', serverAddress: 'a', serverPort: 1, template: undefined };
    assert.deepEqual(toClientSpan(facts), {
      name: 'GET',
      attributes: {
        'http.request.method': 'GET',
        'server.address': 'a',
        'server.port': 1,
        'url.full': 'https://a:1/x',
      },
    });
  });

  test('has no port where there is none, and keeps an unknown method', () => {
    const facts = { method: 'get', url: 'u', serverAddress: '/run/x.sock', serverPort: undefined, template: undefined };
    assert.deepEqual(toClientSpan(facts), {
      name: 'HTTP',
      attributes: {
        'http.request.method': '_OTHER',
        'http.request.method_original': 'get',
        'server.address': '/run/x.sock',
        'url.full': 'u',
      },
    });
  });
});

suite('a server span', () => {
  const toSpan = (target: string, changes: Partial<ServerRequestFacts> = {}) =>
    toServerSpan({
      method: 'GET',
      target,
      route: undefined,
      origin: { scheme: 'http', server: { host: 'a', port: undefined }, client: { host: '', port: undefined } },
      userAgent: undefined,
      peerAddress: undefined,
      peerPort: undefined,
      protocolVersion: '1.1',
      ...changes,
    });

  for (const [target, path, query] of [
    ['/a?b=c', '/a', 'b=c'],
    ['/a?', '/a', undefined],
    ['/a', '/a', undefined],
    ['//x?sig=1', '//x', 'sig=1'],
    ['/a?b?c', '/a', 'b?c'],
    ['*', '*', undefined],
    ['http://h.example/a?b', '/a', 'b'],
    ['h.example:443', 'h.example:443', undefined],
    ['/a?x=http://b/', '/a', 'x=http://b/'],
  ] as const) {
    test(`of ${target} has the path ${path} and the query ${query}`, () => {
      const { name, attributes } = toSpan(target);
      assert.equal(name, 'GET');
      assert.equal(attributes['url.path'], path);
      assert.deepEqual(['url.query' in attributes, attributes['url.query']], [query !== undefined, query]);
    });
  }

  test('leaves out what is not known', () => {
    assert.deepEqual(toSpan('/').attributes, {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': '/',
      'server.address': 'a',
      'server.port': 80,
      'network.protocol.version': '1.1',
    });
    const nowhere = { scheme: 'gopher', server: { host: '', port: 70 }, client: { host: 'c', port: 1 } };
    assert.deepEqual(toSpan('/', { origin: nowhere, peerAddress: 'p', peerPort: 2, userAgent: '' }).attributes, {
      'http.request.method': 'GET',
      'url.scheme': 'gopher',
      'url.path': '/',
      'client.address': 'c',
      'user_agent.original': '',
      'network.peer.address': 'p',
      'network.peer.port': 2,
      'network.protocol.version': '1.1',
    });
  });
});
