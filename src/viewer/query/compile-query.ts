// Called by the store: conditions -> one SQL expression over a span `s`, its origin `o` and its trace `t`. Every text and number of the query is
// bound, the SQL is made of the constants below and nothing else.
import { type Comparison, type Condition, type Operator, QueryError, parseQuery } from './parse-query.ts';

/** An SQL expression with one `?` for each parameter. */
export interface Sql {
  readonly sql: string;
  readonly params: ReadonlyArray<string | number>;
}

/** Returns the expression of a query, undefined where everything matches. Throws a QueryError. */
export function compileQuery(query: string): Sql | undefined {
  const condition = parseQuery(query);
  return condition === undefined ? undefined : compile(condition);
}

function compile(condition: Condition): Sql {
  switch (condition.type) {
    case 'and':
    case 'or':
      return joinSql(condition.items.map(compile), condition.type === 'and' ? ' AND ' : ' OR ');
    case 'not': {
      const { sql, params } = compile(condition.item);
      // Of a span that lacks the attribute the condition is neither true nor false.
      return { sql: `NOT coalesce(${sql}, 0)`, params };
    }
    case 'text':
      return compileText(condition.text);
    case 'compare':
      return compileComparison(condition);
  }
}

function joinSql(parts: readonly Sql[], between: string): Sql {
  return { sql: `(${parts.map(({ sql }) => sql).join(between)})`, params: parts.flatMap(({ params }) => params) };
}

const LIKE = "LIKE ? ESCAPE '\\'";
const IN_LOGS = '(s.trace, s.span_id) IN (SELECT trace, span_id FROM logs WHERE';

function compileText(text: string): Sql {
  const plain = `%${escapeLike(text)}%`;
  // In JSON a quotation mark or a backslash stands with a backslash before it.
  const inJson = `%${escapeLike(JSON.stringify(text).slice(1, -1))}%`;
  return {
    sql: `(s.name ${LIKE} OR s."values" ${LIKE} OR s.more ${LIKE} OR o.service ${LIKE} OR ${IN_LOGS} body ${LIKE}))`,
    params: [plain, inJson, inJson, plain, inJson],
  };
}

type Compile = (comparison: Comparison) => Sql;

/** Fields that are no attributes; see docs/viewer.md. */
const FIELDS: Readonly<Record<string, Compile>> = {
  name: textField('s.name'),
  service: textField('o.service'),
  scope: textField("json_extract(o.scope, '$.name')"),
  kind: wordField('s.kind', ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']),
  status: wordField('s.status', ['unset', 'ok', 'error']),
  duration: numberField('(s.end_nanos - s.start_nanos)', readNanos),
  trace: idField('t.trace_id'),
  span: idField('s.span_id'),
  root: textField("iif(s.parent_id = '', s.name, NULL)"),
  'trace.duration': numberField('(t.end_nanos - t.start_nanos)', readNanos),
  'trace.spans': numberField('t.spans', readNumber),
  'trace.errors': numberField('t.errors', readNumber),
  'trace.services': numberField('json_array_length(t.services)', readNumber),
  message: textField("json_extract(s.more, '$.message')"),
  log: (comparison) => inLogs(textField('body')(comparison)),
  // OTLP has four numbers for each level.
  level: (comparison) => inLogs(numberField('((severity - 1) / 4)', readLevel)(comparison)),
};

/** The names of these fields, for the help and for completion. */
export const FIELD_NAMES: readonly string[] = Object.keys(FIELDS);

function compileComparison(comparison: Comparison): Sql {
  const own = Object.hasOwn(FIELDS, comparison.field) ? FIELDS[comparison.field] : undefined;
  return own === undefined ? compileAttribute(comparison) : own(comparison);
}

/** An attribute of the span, or of what it comes from. */
function compileAttribute(comparison: Comparison): Sql {
  const { field, operator, value, isQuoted } = comparison;
  if (operator === '!=' && value === '*' && !isQuoted)
    return compile({ type: 'not', item: { ...comparison, operator: '=' } });
  const ofSpan = compileValue(
    comparison,
    's."values"',
    '(SELECT path FROM shape_keys WHERE shape = s.shape AND key = ?)',
    field,
  );
  // The grammar lets no quotation mark and no backslash into a name.
  const ofOrigin = compileValue(comparison, 'resource', '?', `$."${field}"`);
  return {
    sql: `(${ofSpan.sql} OR s.origin IN (SELECT id FROM origins WHERE ${ofOrigin.sql}))`,
    params: [...ofSpan.params, ...ofOrigin.params],
  };
}

/** A comparison of what stands at `path`, with one parameter, in the JSON of a column. */
function compileValue(comparison: Comparison, json: string, path: string, key: string): Sql {
  const { operator, value, isQuoted, valueAt } = comparison;
  const x = `json_extract(${json}, ${path})`;
  const test = (sql: string, ...params: ReadonlyArray<string | number>): Sql => ({
    sql: `${x} ${sql}`,
    params: [key, ...params],
  });
  if (operator === '~') return test(LIKE, `%${escapeLike(value)}%`);
  if (operator !== '=' && operator !== '!=') {
    if (!isNumber(value)) throw new QueryError(`a number is expected after ${operator}`, valueAt);
    // SQLite holds every text to be greater than every number.
    const below = operator.startsWith('<') ? [] : [test("< ''")];
    return joinSql([...below, test(`${operator} ?`, Number(value))], ' AND ');
  }
  if (value === '*' && !isQuoted) return test('IS NOT NULL');
  const equal = isPattern(comparison)
    ? test(LIKE, toLikePattern(value))
    : test(isNumber(value) ? 'IN (?, ?)' : '= ?', value, ...(isNumber(value) ? [Number(value)] : []));
  if (!isQuoted && /^(?:true|false)$/.test(value)) {
    const either = joinSql([equal, { sql: `json_type(${json}, ${path}) = ?`, params: [key, value] }], ' OR ');
    return operator === '=' ? either : { sql: `NOT ${either.sql}`, params: either.params };
  }
  return operator === '=' ? equal : { sql: `NOT (${equal.sql})`, params: equal.params };
}

function textField(column: string): Compile {
  return (comparison) => {
    const { operator, value, field, at } = comparison;
    if (operator === '~') return { sql: `${column} ${LIKE}`, params: [`%${escapeLike(value)}%`] };
    if (operator !== '=' && operator !== '!=') throw new QueryError(`${field} is a text: =, != or ~`, at);
    const equal = isPattern(comparison)
      ? { sql: `${column} ${LIKE}`, params: [toLikePattern(value)] }
      : { sql: `${column} = ?`, params: [value] };
    return operator === '=' ? equal : { sql: `NOT ${equal.sql}`, params: equal.params };
  };
}

function wordField(column: string, words: readonly string[]): Compile {
  return ({ field, operator, value, at, valueAt }) => {
    const index = words.indexOf(value.toLowerCase());
    if (index < 0) throw new QueryError(`${field} is one of ${words.join(', ')}`, valueAt);
    if (operator !== '=' && operator !== '!=') throw new QueryError(`${field} is compared with = or !=`, at);
    return { sql: `${column} ${operator} ?`, params: [index] };
  };
}

function numberField(column: string, read: (comparison: Comparison) => number): Compile {
  return (comparison) => {
    const { operator, field, at } = comparison;
    if (operator === '~') throw new QueryError(`${field} is a number: =, !=, >, >=, < or <=`, at);
    return { sql: `${column} ${operator satisfies Operator} ?`, params: [read(comparison)] };
  };
}

function idField(column: string): Compile {
  return ({ field, operator, value, at, valueAt }) => {
    if (operator !== '=' && operator !== '!=') throw new QueryError(`${field} is compared with = or !=`, at);
    if (!/^[\da-f]{1,32}$/i.test(value)) throw new QueryError(`${field} is the beginning of an identifier`, valueAt);
    return { sql: `${operator === '=' ? '' : 'NOT '}${column} LIKE ?`, params: [`${value.toLowerCase()}%`] };
  };
}

function inLogs({ sql, params }: Sql): Sql {
  return { sql: `${IN_LOGS} ${sql})`, params };
}

const NANOS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  '': 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

function readNanos({ value, valueAt }: Comparison): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?|\.\d+)\s*(ns|us|µs|ms|s|m|h)?$/.exec(value) ?? [];
  const factor = NANOS[unit];
  if (number === undefined || factor === undefined)
    throw new QueryError('a duration is expected: 200ms, 1.5s, 2m', valueAt);
  return Math.round(Number(number) * factor);
}

function readNumber({ field, value, valueAt }: Comparison): number {
  if (!isNumber(value)) throw new QueryError(`${field} is a number`, valueAt);
  return Number(value);
}

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function readLevel({ value, valueAt }: Comparison): number {
  const level = LEVELS.indexOf(value.toLowerCase());
  if (level < 0) throw new QueryError(`level is one of ${LEVELS.join(', ')}`, valueAt);
  return level;
}

const isNumber = (value: string): boolean => /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value);
const isPattern = ({ value, isQuoted }: Comparison): boolean => !isQuoted && value.includes('*');
const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);
const toLikePattern = (value: string): string => escapeLike(value).replaceAll('*', '%');
