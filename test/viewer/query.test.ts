import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { QueryError } from '../../src/viewer/query/parse-query.ts';
import { compileQuery } from '../../src/viewer/query/compile-query.ts';
import { listTraces } from '../../src/viewer/store/read-traces.ts';
import { createStore } from './spans.ts';

/** Traces 1 to 3; a query is answered with those of which one span matches. */
const store = createStore(
  [
    {
      trace: 1,
      id: 1,
      name: 'GET /cart/:id',
      kind: 2,
      duration: 250,
      status: 2,
      attributes: { 'http.route': '/cart/:id', 'http.response.status_code': 500, retry: true, tags: ['a', 'b'] },
    },
    {
      trace: 1,
      id: 2,
      parent: 1,
      name: 'SELECT',
      kind: 3,
      duration: 3.5,
      attributes: { 'db.query.text': 'SELECT "x" FROM 100%_cart' },
    },
    {
      trace: 2,
      id: 1,
      name: 'GET /health',
      kind: 2,
      duration: 1,
      status: 1,
      attributes: { 'http.route': '/health', 'http.response.status_code': 200, ratio: 2 },
    },
    {
      trace: 3,
      id: 1,
      name: 'job',
      kind: 5,
      start: 5,
      duration: 90_000,
      status: 2,
      message: 'card "declined"',
      attributes: { code: '500', 'http.route': '/Cart*', retry: 'true' },
      events: [{ name: 'exception', attributes: { 'exception.message': 'no funds' } }],
    },
  ],
  { logs: [{ trace: 2, span: 1, body: 'All is Well', severity: 13 }] },
);

const match = (query: string): number[] =>
  listTraces(store, { query, limit: 10 })
    .traces.map(({ id }) => Number(id))
    .sort((a, b) => a - b);

suite('the query language', () => {
  for (const [query, wanted] of [
    ['', [1, 2, 3]],
    ['status=error', [1, 3]],
    ['status=error duration>200ms', [1, 3]],
    ['status=error duration>200ms http.route=/cart/:id', [1]],
    ['status = error   kind = server', [1]],
    ['duration>1m', [3]],
    ['duration<=3.5ms kind=client', [1]],
    // All conditions hold for one span, not for the trace.
    ['kind=client status=error', []],
    ['kind=client or kind=consumer', [1, 3]],
    ['(kind=client or kind=consumer) status=error', [3]],
    ['-status=error', [1, 2]],
    ['not (status=error or status=ok)', [1]],
    ['kind=server -http.route=/health', [1]],
    ['http.response.status_code=500', [1]],
    ['http.response.status_code>=500', [1]],
    ['http.response.status_code!=500', [2]],
    ['code=500', [3]],
    ['code>100', []],
    ['retry=true', [1, 3]],
    ['retry="true"', [3]],
    ['ratio=2', [2]],
    ['http.route=/cart*', [1, 3]],
    ['http.route="/Cart*"', [3]],
    ['http.route=*', [1, 2, 3]],
    ['retry!=*', [1, 2]],
    ['http.route~CART', [1, 3]],
    ['service=shop', [1, 2, 3]],
    ['service.name=shop', [1, 2, 3]],
    ['service!=shop', []],
    ['name=GET*', [1, 2]],
    ['root=job', [3]],
    ['"\\"x\\""', [1]],
    ['"100%_cart"', [1]],
    ['"100__cart"', []],
    ['"card \\"declined\\""', [3]],
    ['FUNDS', [3]],
    ['"all is well"', [2]],
    ['log~well', [2]],
    ['level=warn', [2]],
    ['level>warn', []],
    ['trace.spans>1', [1]],
    ['trace.errors=0', [2]],
    ['trace.duration>=90s', [3]],
    [`trace=${'0'.repeat(31)}2`, [2]],
    ["name=' OR 1=1 --", []],
    ['x"; DROP TABLE spans; --"', []],
  ] as const) {
    test(query || 'nothing', () => assert.deepEqual(match(query), wanted));
  }

  for (const [query, column, message] of [
    ['status=eror', 7, 'status is one of unset, ok, error'],
    ['duration>fast', 9, 'a duration is expected: 200ms, 1.5s, 2m'],
    ['name=a duration>', 16, 'a value is missing after duration>'],
    ['(name=a', 0, 'a bracket that is not closed'],
    ['name=a)', 6, 'a bracket that closes nothing'],
    ['name=a or ', 10, 'a condition is missing here'],
    ['name="a', 5, 'a quotation mark that is not closed'],
    ['http.route>b', 11, 'a number is expected after >'],
    ['level=loud', 6, 'level is one of trace, debug, info, warn, error, fatal'],
    ['('.repeat(1000), 20, 'brackets within brackets, too deep'],
  ] as const) {
    test(`${query.slice(0, 20)} is answered with the column`, () => {
      assert.throws(
        () => compileQuery(query),
        (error) => error instanceof QueryError && error.column === column && error.message === message,
      );
    });
  }

  test('no text of a query reaches the SQL', () => {
    const { sql, params } =
      compileQuery(`"se'cret" x.secret=1 name~secret -service=secret* http.secret="a'b" secret>5`) ?? {};
    assert.doesNotMatch(sql ?? '', /secret|cret|'b/);
    assert.equal(sql?.split('?').length, (params?.length ?? 0) + 1);
  });
});
