import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createLogRedaction } from '../../src/processors/log-redaction.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';

const SECRET = 'secret-value-123';
const TEXT = `https://shop.example/?token=${SECRET}`;
const HIDDEN = 'https://shop.example/?token=REDACTED';

const { redactRecord, redactScope } = createLogRedaction(createRedactor());

const redactBody = (body: unknown): unknown => redactRecord({ body }).body;

suite('redaction of log records', () => {
  test('hides what is secret in texts: body, event name, severity, names and values of attributes', () => {
    const record = redactRecord({
      body: `went to ${TEXT}`,
      eventName: TEXT,
      severityText: TEXT,
      attributes: { from: TEXT, password: SECRET, [`at ${TEXT}`]: 1, key: 'q7XfT2mP9sLw4', bytes: Buffer.from(SECRET) },
    });
    assert.deepEqual(record, {
      body: `went to ${HIDDEN}`,
      eventName: HIDDEN,
      severityText: HIDDEN,
      attributes: { from: HIDDEN, password: 'REDACTED', [`at ${HIDDEN}`]: 1, key: 'REDACTED', bytes: 'REDACTED' },
    });
  });

  test('reads objects in objects, and lists, by their keys', () => {
    const request = {
      method: 'GET',
      url: `/reset-password/q7XfT2mP9sLw4Zk8?token=${SECRET}`,
      headers: { authorization: `Bearer ${SECRET}`, cookie: `sid=${SECRET}`, accept: '*/*', 'set-cookie': [SECRET] },
      rawHeaders: ['Accept', '*/*', 'X-Api-Key', SECRET],
      body: [{ user: 'ann', password: SECRET }],
    };
    assert.deepEqual(redactBody({ request, size: 3 }), {
      request: {
        method: 'GET',
        url: '/reset-password/REDACTED?token=REDACTED',
        headers: { authorization: 'REDACTED', cookie: 'REDACTED', accept: '*/*', 'set-cookie': ['REDACTED'] },
        rawHeaders: ['Accept', '*/*', 'X-Api-Key', 'REDACTED'],
        body: [{ user: 'ann', password: 'REDACTED' }],
      },
      size: 3,
    });
    assert.equal(request.headers.cookie, `sid=${SECRET}`, "the application's own object was changed");
  });

  test('an exception keeps what the SDK reads of it, with its causes', () => {
    const cause = new Error(`token=${SECRET}`);
    const error = Object.assign(new TypeError(`fetch of ${TEXT}`, { cause }), { code: 'EFAILED', config: TEXT });
    const { exception } = redactRecord({ exception: error });
    const { stack, ...rest } = exception as Record<string, string>;
    assert.deepEqual(rest, { code: 'EFAILED', name: 'TypeError', message: `fetch of ${HIDDEN}` });
    assert.match(
      stack ?? '',
      /^TypeError: fetch of .*token=REDACTED\n +at .*\ncaused by: Error: token=REDACTED\n +at /s,
    );
    assert.ok(!JSON.stringify(exception).includes(SECRET));
    assert.equal(redactRecord({ exception: TEXT }).exception, HIDDEN);
  });

  test('an error inside a record is read with all that hangs on it', () => {
    const error = Object.assign(new Error(TEXT, { cause: new Error(TEXT) }), {
      config: { url: TEXT, headers: { Authorization: SECRET }, data: `{"password":"${SECRET}"}` },
    });
    const clean = redactBody({ error }) as { error: { config: unknown; message: string } };
    assert.ok(!JSON.stringify(clean).includes(SECRET), JSON.stringify(clean));
    assert.equal(clean.error.message, HIDDEN);
    assert.deepEqual(clean.error.config, {
      url: HIDDEN,
      headers: { Authorization: 'REDACTED' },
      data: '{"password":"REDACTED"}',
    });
  });

  test('takes what no record of OpenTelemetry may hold', () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    const broken = {
      get bad(): string {
        throw new Error(SECRET);
      },
    };
    assert.deepEqual(
      redactBody({
        circle,
        broken,
        date: new Date(0),
        url: new URL(TEXT),
        map: new Map([['password', SECRET]]),
        set: new Set([TEXT, 1]),
        big: 12n,
        none: null,
        gone: undefined,
        call: () => SECRET,
        holes: [undefined, () => SECRET],
      }),
      {
        circle: { name: 'circle', self: '[Circular]' },
        broken: 'REDACTED',
        date: '1970-01-01T00:00:00.000Z',
        url: HIDDEN,
        map: { password: 'REDACTED' },
        set: [HIDDEN, 1],
        big: '12',
        none: null,
        holes: [null, null],
      },
    );
  });

  test('is bounded in depth and in number', () => {
    let deep: unknown = TEXT;
    for (let depth = 0; depth < 50; depth++) deep = { deep };
    assert.match(JSON.stringify(redactBody(deep)), /^(?:\{"deep":){9}"REDACTED"\}+$/);
    const wide = redactBody(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`n${index}`, index])));
    assert.ok(Object.keys(wide as object).length < 2001);
    const lists = redactBody(Array.from({ length: 5000 }, () => [TEXT])) as unknown[];
    assert.equal(lists.length, 2000);
    assert.ok(!JSON.stringify(lists).includes(SECRET));
    assert.equal(lists.at(-1), 'REDACTED');
  });

  test('scopes as well', () => {
    assert.deepEqual(
      redactScope({ name: TEXT, version: TEXT, options: { schemaUrl: TEXT, attributes: { password: SECRET } } }),
      { name: HIDDEN, version: HIDDEN, options: { schemaUrl: HIDDEN, attributes: { password: 'REDACTED' } } },
    );
  });
});
