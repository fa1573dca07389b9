// The methods of a redactor beside redact(): explain, names, headers, attributes, and how it fails.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedactor } from '../../src/redaction/create-redactor.ts';

/** Keeps the pieces of a fake token apart in the source, where secret scanners look. */
const part = (text: string): string => text;

const redactor = createRedactor();

describe('explain', () => {
  it('gives offsets and rules, never the secret', () => {
    const { redacted, findings } = redactor.explain('/x?page=1&token=abc', 'server');
    assert.equal(redacted, '/x?page=1&token=REDACTED');
    assert.deepEqual(findings, [{ start: 16, end: 19, rule: 'name:token' }]);
  });
  it('names the rule', () => {
    const rule = (text: string): string | undefined => redactor.explain(text, 'server').findings[0]?.rule;
    assert.equal(rule('http://u:p@h.example/'), 'userinfo');
    assert.equal(rule('/reset/Q7abcdefgh12345678'), 'path:reset');
    assert.equal(rule('/x?key=Q7abcdefgh12345678'), 'weak-name:key');
    assert.equal(rule(`/x?a=gh${part('p_')}${'Q7abcdef'.repeat(5)}`), 'shape:github');
  });
  it('shows the rest of an oversize text as one finding', () => {
    const text = `/x?${'a=1&'.repeat(10_000)}`;
    const { findings, redacted } = redactor.explain(text, 'server');
    assert.equal(findings.length, 1);
    assert.equal(findings[0]?.rule, 'size');
    assert.equal(findings[0]?.end, text.length);
    assert.ok(redacted.endsWith('&REDACTED'));
  });
});

describe('isSensitiveName', () => {
  it('knows names by their words', () => {
    for (const name of ['token', 'accessToken', 'X-API-KEY', 'user[password]', 'PGPASSWORD', 'pаssword'])
      assert.ok(redactor.isSensitiveName(name), name);
    for (const name of ['monkey', 'author', 'token_type', 'key', 'state', 'design', 'passenger', 'count', ''])
      assert.ok(!redactor.isSensitiveName(name), name);
  });
});

describe('redactHeader', () => {
  it('hides credentials whole', () => {
    for (const name of [
      'Authorization',
      'proxy-authorization',
      'COOKIE',
      'set-cookie',
      'X-Api-Key',
      'x-amz-security-token',
      'x_csrf_token',
    ]) {
      assert.equal(redactor.redactHeader(name, 'anything'), 'REDACTED');
    }
  });
  it('reads URLs as URLs and everything else as text', () => {
    assert.equal(
      redactor.redactHeader('Referer', 'https://h.example/x?token=a b&c=1'),
      'https://h.example/x?token=REDACTED&c=1',
    );
    assert.equal(redactor.redactHeader('location', '/cb?code=Q7abcdefgh12345678&x=1'), '/cb?code=REDACTED&x=1');
    assert.equal(
      redactor.redactHeader('link', '<https://h.example/x?sig=a>; rel="next"'),
      '<https://h.example/x?sig=REDACTED>; rel="next"',
    );
    assert.equal(redactor.redactHeader('accept', 'text/html'), 'text/html');
    assert.equal(redactor.redactHeader('access-control-allow-credentials', 'true'), 'true');
    assert.equal(redactor.redactHeader('sec-websocket-protocol', 'graphql-ws'), 'graphql-ws');
    assert.equal(redactor.redactHeader('sec-websocket-protocol', 'chat, Q7abcdefgh12345678'), 'REDACTED');
  });
  it('takes lists', () => {
    assert.deepEqual(redactor.redactHeader('set-cookie', ['a=1', 'b=2']), ['REDACTED', 'REDACTED']);
  });
});

describe('redactAttribute', () => {
  it('goes by the name of the attribute', () => {
    assert.equal(redactor.redactAttribute('user.password', 'x'), 'REDACTED');
    assert.equal(redactor.redactAttribute('http.request.header.authorization', 'x'), 'REDACTED');
    assert.equal(
      redactor.redactAttribute('url.full', 'https://u:p@h.example/'),
      'https://REDACTED:REDACTED@h.example/',
    );
    assert.equal(redactor.redactAttribute('url.query', 'token=a&b=1'), 'token=REDACTED&b=1');
    assert.equal(redactor.redactAttribute('url.query', '?token=a&b=1'), '?token=REDACTED&b=1');
    assert.equal(redactor.redactAttribute('http.target', '/x?token=a b'), '/x?token=REDACTED');
    assert.equal(redactor.redactAttribute('db.query.text', 'SELECT 1'), 'SELECT 1');
    assert.equal(redactor.redactAttribute('messaging.kafka.message.key', 'order-81f3c2a9b7d1'), 'order-81f3c2a9b7d1');
  });
  it('keeps numbers, booleans and what is clean', () => {
    assert.equal(redactor.redactAttribute('gen_ai.usage.input_tokens', 55), 55);
    assert.equal(redactor.redactAttribute('auth', true), true);
    assert.equal(redactor.redactAttribute('x', undefined), undefined);
    const list = ['a', 'b'];
    assert.equal(redactor.redactAttribute('tags', list), list);
    const bytes = new Uint8Array(3);
    assert.equal(redactor.redactAttribute('blob', bytes), bytes);
  });
  it('follows lists and maps', () => {
    assert.deepEqual(redactor.redactAttribute('urls', ['/a', '/b?token=c']), ['/a', '/b?token=REDACTED']);
    assert.deepEqual(redactor.redactAttribute('body', { user: 'bob', password: 'x', more: [{ token: 'y' }] }), {
      user: 'bob',
      password: 'REDACTED',
      more: [{ token: 'REDACTED' }],
    });
    const loop: { self?: unknown } = {};
    loop.self = loop;
    assert.doesNotThrow(() => redactor.redactAttribute('loop', loop));
  });
});

describe('failing', () => {
  it('keeps scheme and host only where they are plain', () => {
    assert.equal(redactor.failClosed('https://h.example:8443/x?a=1'), 'https://h.example:8443/REDACTED');
    assert.equal(redactor.failClosed('https://u:p@h.example/x'), 'REDACTED');
    assert.equal(redactor.failClosed('https://h.example\\@evil'), 'REDACTED');
    assert.equal(redactor.failClosed('/x'), 'REDACTED');
    assert.equal(redactor.failClosed(new URL('https://h.example/')), 'REDACTED');
  });
  it('answers what is no string with the marker', () => {
    for (const input of [undefined, null, 7, {}, [], Symbol('x'), new URL('https://h.example/')]) {
      // JavaScript callers can pass anything.
      assert.equal(redactor.redact(input as string, 'client'), 'REDACTED');
    }
  });
});
