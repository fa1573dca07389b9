// What an owner of an application can change, and what not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import type { RedactorOptions } from '../../src/redaction/create-redactor.ts';

const server = (options: RedactorOptions, text: string): string => createRedactor(options).redact(text, 'server');
/** Keeps the pieces of a fake token apart in the source, where secret scanners look. */
const part = (text: string): string => text;

const JWT = `ey${part('JhbGciOiJIUzI1NiJ9')}.ey${part('JzdWIiOiJ1LTgyIn0')}.Q7abcdefghijkl12345`;

describe('keys', () => {
  it('add names, matched by word, case and separator', () => {
    const options = { keys: ['order_ref'] };
    for (const name of [
      'order_ref',
      'orderRef',
      'ORDER-REF',
      'my.order_ref',
      'order%5Fref',
      'x[orderref]',
      'new_order_ref',
    ]) {
      assert.equal(server(options, `/x?${name}=abc&page=1`), `/x?${name}=REDACTED&page=1`);
    }
    assert.equal(server(options, '/x?border_reform=abc'), '/x?border_reform=abc');
    assert.equal(server(options, '/x?token=abc'), '/x?token=REDACTED');
  });
  it('match short and non-ASCII names too', () => {
    assert.equal(server({ keys: ['id'] }, '/x?user_id=7&idle=1'), '/x?user_id=REDACTED&idle=1');
    assert.equal(server({ keys: ['clé'] }, '/x?cl%C3%A9=7&page=1'), '/x?cl%C3%A9=REDACTED&page=1');
  });
  it('replace the built-in names after =, but neither shapes nor userinfo', () => {
    const options = { keys: ['=a1', 'b2'] };
    assert.equal(
      server(options, '/x?a1=q&b2=r&token=s&key=Q7abcdefgh12345678'),
      '/x?a1=REDACTED&b2=REDACTED&token=s&key=Q7abcdefgh12345678',
    );
    assert.equal(server({ keys: ['='] }, `/x?token=${JWT}`), '/x?token=REDACTED');
    assert.equal(server({ keys: ['='] }, 'http://u:p@h.example/x'), 'http://REDACTED:REDACTED@h.example/x');
  });
  it('replace only when the list begins with =name, or is just =', () => {
    const text = '/x?token=s&order_ref=a&customer=b';
    const hidden = '/x?token=REDACTED&order_ref=REDACTED&customer=REDACTED';
    assert.equal(server({ keys: ['order_ref', '=', 'customer'] }, text), hidden);
    assert.equal(server({ keys: ['order_ref', '=customer'] }, text), hidden);
    assert.equal(server({ keys: ['=', 'order_ref', 'customer'] }, text), hidden);
    assert.equal(server({ keys: ['=order_ref', 'customer'] }, text), hidden.replace('token=REDACTED', 'token=s'));
    assert.equal(server({ keys: ['='] }, text), text);
  });
  it('replace also when lists are joined', () => {
    const text = '/x?token=s&order_ref=a&lane=b';
    const joined = (base: string[], more: string[]): string =>
      createRedactor({ keys: base }).extend({ keys: more }).redact(text, 'server');
    const hidden = '/x?token=s&order_ref=REDACTED&lane=REDACTED';
    assert.equal(joined(['order_ref'], ['=lane']), hidden);
    assert.equal(joined(['=order_ref'], ['lane']), hidden);
    assert.equal(joined(['='], ['order_ref', 'lane']), hidden);
    assert.equal(joined(['='], ['-lane']), text);
    assert.equal(joined(['='], []), text);
    assert.equal(joined(['order_ref'], ['lane', '=']), hidden.replace('token=s', 'token=REDACTED'));
  });
  it('allow one name after -', () => {
    assert.equal(server({ keys: ['-session_id'] }, '/x?session_id=a&sid=b'), '/x?session_id=a&sid=REDACTED');
  });
  it('ignore blank entries', () => {
    assert.equal(server({ keys: ['', ' ', '-'] }, '/x?a=1&token=b'), '/x?a=1&token=REDACTED');
  });
});

describe('allow', () => {
  it('keeps a name, whatever its spelling, but not a token under it', () => {
    assert.equal(server({ allow: ['username'] }, '/x?userName=bob&token=b'), '/x?userName=bob&token=REDACTED');
    assert.equal(server({ allow: ['token'] }, `/x?token=${JWT}`), '/x?token=REDACTED');
    assert.equal(server({ allow: ['state'] }, '/x?state=Q7abcdefgh12345678'), '/x?state=Q7abcdefgh12345678');
  });
});

describe('marker', () => {
  it('is what stands for a secret', () => {
    for (const marker of ['*****', '[hidden]', '<redacted>', 'x']) {
      const redactor = createRedactor({ marker });
      const once = redactor.redact('/x?token=abc&password=d', 'server');
      assert.equal(once, `/x?token=${marker}&password=${marker}`);
      assert.equal(redactor.redact(once, 'server'), once);
      assert.equal(redactor.redact(once, 'string'), once);
    }
  });
  it('falls back to REDACTED when it could be read as syntax', () => {
    for (const marker of ['', 'a&b', 'token=x', 'a b', '"', 'x'.repeat(65)])
      assert.equal(createRedactor({ marker }).marker, 'REDACTED');
  });
});

describe('query', () => {
  it('drop removes it with its question mark', () => {
    assert.equal(server({ query: 'drop' }, '/x?page=1&token=a#part'), '/x#part');
    assert.equal(
      createRedactor({ query: 'drop' }).redact('GET https://h.example/x?a=1 failed', 'string'),
      'GET https://h.example/x failed',
    );
    assert.equal(createRedactor({ query: 'drop' }).redactAttribute('url.query', 'a=1&b=2'), '');
  });
  it('names keeps the names and no value', () => {
    assert.equal(server({ query: 'names' }, '/x?page=1&flag&q=a%20b&e='), '/x?page=REDACTED&flag&q=REDACTED&e=');
    assert.equal(createRedactor({ query: 'names' }).redactAttribute('url.query', 'a=1&b=2'), 'a=REDACTED&b=REDACTED');
  });
});

describe('paths', () => {
  const hides = (pattern: string, text: string): string => server({ paths: [pattern] }, text);
  it('hide their named groups', () => {
    assert.equal(hides('/invite/:code', '/invite/bob?x=1'), '/invite/REDACTED?x=1');
    assert.equal(hides('/invite/:code', '/x/invite/bob'), '/x/invite/bob');
    assert.equal(hides('/invite/:code', '/invite/bob/more'), '/invite/bob/more');
    assert.equal(hides('/v:major.json', '/v12.json'), '/vREDACTED.json');
    assert.equal(hides('/files/:rest*', '/files/a/b/c?x=1'), '/files/REDACTED?x=1');
  });
  it('hold for their host', () => {
    const pattern = 'https://*.example.com/u/:id/k/*';
    assert.equal(hides(pattern, 'https://a.example.com/u/7/k/z/y'), 'https://a.example.com/u/REDACTED/k/z/y');
    assert.equal(hides(pattern, 'https://a.example.com:8443/u/7/k/z'), 'https://a.example.com:8443/u/REDACTED/k/z');
    assert.equal(hides(pattern, 'https://example.org/u/7/k/z'), 'https://example.org/u/7/k/z');
    assert.equal(hides(pattern, '/u/7/k/z'), '/u/REDACTED/k/z');
  });
  it('see through encodings', () => {
    assert.equal(hides('/invite/:code', '/inv%69te/b%6Fb'), '/inv%69te/REDACTED');
  });
});

describe('values', () => {
  const digits = {
    findAll: (text: string) => [...text.matchAll(/\b\d{4}\b/g)].map((m) => [m.index, m.index + 4] as const),
  };
  it('hide what a matcher finds, on every layer', () => {
    assert.equal(server({ values: [digits] }, '/x/1234?q=%31234'), '/x/REDACTED?q=REDACTED');
  });
  it('fail closed when a matcher throws', () => {
    const broken = {
      findAll: (): never => {
        throw new Error('secret');
      },
    };
    assert.equal(server({ values: [broken] }, 'https://h.example/x?a=1'), 'https://h.example/REDACTED');
    assert.equal(server({ values: [broken] }, '/x?a=1'), 'REDACTED');
  });
});

describe('hideAll', () => {
  it('leaves names and words', () => {
    assert.equal(
      server({ hideAll: true }, 'https://h.example/users/81f3c2a9/orders?page=2&x=y#frag'),
      'https://h.example/users/REDACTED/orders?page=REDACTED&x=REDACTED#REDACTED',
    );
  });
});

describe('extend', () => {
  it('adds to the options it has', () => {
    const base = createRedactor({ keys: ['order_ref'] });
    const more = base.extend({ keys: ['lane'], allow: ['token'] });
    assert.equal(more.redact('/x?order_ref=a&lane=b&token=c', 'server'), '/x?order_ref=REDACTED&lane=REDACTED&token=c');
    assert.equal(base.redact('/x?lane=b&token=c', 'server'), '/x?lane=b&token=REDACTED');
    assert.equal(base.extend({ hideAll: true }).redact('/x?lane=b', 'server'), '/x?lane=REDACTED');
  });
});
