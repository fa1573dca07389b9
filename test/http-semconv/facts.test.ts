import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SpanStatusCode } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { pathOf, splitAbsoluteUrl, splitAuthority, toDefaultPort } from '../../src/http-semconv/authority.ts';
import { type Incoming, readOrigin } from '../../src/http-semconv/forwarded.ts';
import { createMethodFacts, toMethodFacts } from '../../src/http-semconv/method.ts';
import { isCancel, toErrorOutcome, toErrorType, toResponseOutcome } from '../../src/http-semconv/outcome.ts';
import { cpuMillisOf } from '../support/cpu-millis.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

suite('an authority', () => {
  for (const [text, host, port] of [
    ['shop.example', 'shop.example', undefined],
    ['shop.example:8080', 'shop.example', 8080],
    ['user:secret@shop.example:8080', 'shop.example', 8080],
    ['a@b@shop.example', 'shop.example', undefined],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['[2001:db8::1]', '2001:db8::1', undefined],
    ['2001:db8::1', '2001:db8::1', undefined],
    ['shop.example:', 'shop.example', undefined],
    ['shop.example:http', 'shop.example', undefined],
    ['shop.example:65536', 'shop.example', undefined],
    ['shop.example:0', 'shop.example', 0],
    ['', '', undefined],
    ['[bad', '[bad', undefined],
  ] as const) {
    test(`${JSON.stringify(text)} is host ${JSON.stringify(host)} and port ${port}`, () => {
      assert.deepEqual(splitAuthority(text), { host, port });
    });
  }

  test('never throws, and keeps no userinfo', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { host, port } = splitAuthority(`user:secret@${text.replaceAll('@', '')}`);
        assert(!host.includes('secret'));
        assert(port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535));
      }),
    );
  });
});

suite('an absolute URL', () => {
  test('is split at its authority, its rest byte for byte', () => {
    assert.deepEqual(splitAbsoluteUrl('HTTPS://a.example:1?x=/y#z'), {
      scheme: 'https',
      authority: 'a.example:1',
      rest: '?x=/y#z',
    });
    assert.deepEqual(splitAbsoluteUrl('http://[bad?a b'), { scheme: 'http', authority: '[bad', rest: '?a b' });
  });

  for (const text of ['//evil.example/x', '/a?b=http://c/', '*', '', 'http:/a', 'a.example:443', '1http://a/']) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(splitAbsoluteUrl(text), undefined));
  }

  test('loses nothing, whatever it holds', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const url = splitAbsoluteUrl(`http://${text}`);
        assert.equal(`${url?.scheme}://${url?.authority}${url?.rest}`, `http://${text}`);
      }),
    );
  });

  test('has the path that is before the first question mark', () => {
    assert.deepEqual(['/a?b?c', '/a', '?', ''].map(pathOf), ['/a', '/a', '', '']);
    assert.deepEqual(['http', 'https', 'ftp'].map(toDefaultPort), [80, 443, undefined]);
  });
});

suite('the origin of a request', () => {
  const read = (headers: Record<string, string>, changes: Partial<Incoming> = {}) => {
    const connection = { trustForwarded: true, encrypted: false, remoteAddress: '10.0.0.9', ...changes };
    const { scheme, server, client } = readOrigin({ header: (name) => headers[name], ...connection });
    return [scheme, server.host, server.port, client.host].join(' ');
  };
  for (const [name, headers, wanted] of [
    ['the connection, where no header says more', {}, 'http   10.0.0.9'],
    ['Host', { host: 'a.example:8080' }, 'http a.example 8080 10.0.0.9'],
    [
      'the first of each X-Forwarded list',
      {
        host: 'inner',
        'x-forwarded-host': ' a.example:1 , b',
        'x-forwarded-proto': 'HTTPS,http',
        'x-forwarded-for': '203.0.113.7, 10.1.1.1',
      },
      'https a.example 1 203.0.113.7',
    ],
    [
      'an empty list is none',
      { host: 'inner', 'x-forwarded-host': ' , b', 'x-forwarded-proto': '' },
      'http inner  10.0.0.9',
    ],
    [
      'Forwarded before X-Forwarded',
      { forwarded: 'for=192.0.2.1;proto=https;host=f.example', 'x-forwarded-host': 'x', 'x-forwarded-for': 'y' },
      'https f.example  192.0.2.1',
    ],
    ['the first element of Forwarded', { forwarded: 'for=a, for=b;host=c' }, 'http   a'],
    [
      'quoted values, commas and all',
      { forwarded: 'For="[2001:db8::1]:47";Host="a\\-b,c"' },
      'http a-b,c  2001:db8::1',
    ],
    ['of repeated pairs the first', { forwarded: 'proto=https;proto=http' }, 'https   10.0.0.9'],
    [
      'what is no scheme, no authority and no address is passed over',
      {
        forwarded: 'for=unknown;proto="java script";host="a b"',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'a/b',
        'x-forwarded-for': 'Unknown, 10.1.1.1',
        host: 'h',
      },
      'https h  10.0.0.9',
    ],
    [
      'huge values are none',
      { 'x-forwarded-host': 'a'.repeat(256), 'x-forwarded-proto': 's'.repeat(33), 'x-forwarded-for': '1'.repeat(256) },
      'http   10.0.0.9',
    ],
    ['nonsense is none', { forwarded: ';;=,="', host: 'h' }, 'http h  10.0.0.9'],
  ] as const) {
    test(name, () => assert.equal(read(headers), wanted));
  }

  test('believes no header but Host where the headers are not to be trusted', () => {
    const headers = {
      forwarded: 'for=192.0.2.1;proto=https;host=f.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'x.example',
      'x-forwarded-for': '192.0.2.1',
      host: 'h.example:8080',
    };
    assert.equal(read(headers, { trustForwarded: false }), 'http h.example 8080 10.0.0.9');
  });

  test('without Host, as in HTTP/1.0, is where the connection arrived', () => {
    const here = { local: () => ({ host: '10.0.0.1', port: 8080 }) };
    assert.equal(read({}, here), 'http 10.0.0.1 8080 10.0.0.9');
    assert.equal(read({ host: '' }, here), 'http 10.0.0.1 8080 10.0.0.9');
    assert.equal(read({ host: 'h' }, here), 'http h  10.0.0.9');
  });

  test('an encrypted connection is https', () => assert.match(read({}, { encrypted: true }), /^https /));

  test('takes any text, in time that grows with its length', () => {
    fc.assert(fc.property(anyText, (text) => void read({ forwarded: text, host: text, 'x-forwarded-for': text })));
    const millis = cpuMillisOf(() => {
      read({ forwarded: 'for="'.repeat(20_000) });
      read({ forwarded: `for="${'\\'.repeat(100_000)}` });
    });
    assert(millis < 500, `${millis} ms`);
  });
});

suite('a method', () => {
  test('that is known names itself', () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']) {
      assert.deepEqual(toMethodFacts(method), { method, nameOf: method });
    }
  });

  test('that is not, in its letters too, is _OTHER and HTTP', () => {
    for (const original of ['PURGE', 'get', 'Get', '', 'constructor', '__proto__']) {
      assert.deepEqual(toMethodFacts(original), { method: '_OTHER', original, nameOf: 'HTTP' });
    }
  });

  test('is known where a list names it, and no other is', () => {
    const toFacts = createMethodFacts(['PURGE']);
    assert.deepEqual(toFacts('PURGE'), { method: 'PURGE', nameOf: 'PURGE' });
    assert.deepEqual(toFacts('GET'), { method: '_OTHER', original: 'GET', nameOf: 'HTTP' });
  });
});

suite('an outcome', () => {
  const error = { code: SpanStatusCode.ERROR };
  test('of 4xx is an error of the client only, of 5xx of both, of less of none', () => {
    const statusOf = (side: 'client' | 'server', code: number) => {
      const { attributes, status } = toResponseOutcome(side, code);
      assert.equal(attributes['http.response.status_code'], code);
      return [attributes['error.type'], status];
    };
    for (const code of [100, 200, 204, 302, 399]) {
      assert.deepEqual(statusOf('client', code), [undefined, undefined]);
      assert.deepEqual(statusOf('server', code), [undefined, undefined]);
    }
    assert.deepEqual(
      [statusOf('client', 400), statusOf('client', 499)],
      [
        ['400', error],
        ['499', error],
      ],
    );
    assert.deepEqual(
      [statusOf('server', 400), statusOf('server', 499)],
      [
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
    assert.deepEqual(
      [statusOf('client', 500), statusOf('server', 599)],
      [
        ['500', error],
        ['599', error],
      ],
    );
  });

  const coded = (code: unknown): Error => Object.assign(new Error('x'), { code });
  const abort = new DOMException('x', 'AbortError');
  const timeout = new DOMException('x', 'TimeoutError');
  for (const [name, thrown, type, cancel] of [
    ['a system error is its code', coded('ECONNREFUSED'), 'ECONNREFUSED', false],
    ['an error without a code is its name', new TypeError('x'), 'TypeError', false],
    ['a DOMException is never its number', timeout, 'TimeoutError', false],
    ['a numeric code is no type', coded(23), 'Error', false],
    ['an abort is a cancel', abort, 'AbortError', true],
    ["Node's own abort is a cancel", coded('ABORT_ERR'), 'ABORT_ERR', true],
    [
      'an abort by a timeout is a timeout',
      Object.assign(new Error('x', { cause: timeout }), { name: 'AbortError' }),
      'TimeoutError',
      false,
    ],
    ['what is no error has no type of its own', 'a text', '_OTHER', false],
    ['a nameless error neither', Object.assign(new Error('x'), { name: '' }), '_OTHER', false],
  ] as const) {
    test(name, () => {
      assert.equal(toErrorType(thrown), type);
      assert.equal(isCancel(thrown), cancel);
    });
  }

  test('of a failure has the message that it is given, and not that of the error', () => {
    assert.deepEqual(toErrorOutcome(coded('ECONNRESET'), 'clean'), {
      attributes: { 'error.type': 'ECONNRESET' },
      status: { code: SpanStatusCode.ERROR, message: 'clean' },
    });
  });
});
