// Called for what a person types into the query box, the API or `tracing tail`: text -> a tree of conditions. Knows the grammar, nothing of SQL.
//
//   status=error duration>200ms http.route=/cart "card declined"     all of them hold for one span
//   service=shop or service=stock      -kind=server      (a or b) c      not, or, brackets

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~';

/** One condition on a span, or several. `at` is where it stands in the text. */
export type Condition =
  | { readonly type: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly type: 'not'; readonly item: Condition }
  | { readonly type: 'text'; readonly text: string; readonly at: number }
  | Comparison;

export interface Comparison {
  readonly type: 'compare';
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
  /** A value in quotes is meant as it stands: `*` is a star. */
  readonly isQuoted: boolean;
  readonly at: number;
  readonly valueAt: number;
}

/** What is wrong with a query, and at which character (from 0). */
export class QueryError extends Error {
  readonly column: number;
  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

const MAX_LENGTH = 2_000;
const MAX_TERMS = 50;
const MAX_DEPTH = 20;

/** Returns undefined for a query without a word: everything matches. Throws a QueryError. */
export function parseQuery(query: string): Condition | undefined {
  if (query.length > MAX_LENGTH) throw new QueryError('the query is too long', MAX_LENGTH);
  return new Parser(query).parse();
}

type Token =
  | { readonly type: 'open' | 'close' | 'or' | 'and' | 'not'; readonly at: number }
  | { readonly type: 'term'; readonly condition: Condition; readonly at: number };

const FIELD = /[\w$@][\w$@./:-]*?(?=\s*(?:!=|>=|<=|=|>|<|~))/y;
const OPERATOR = /\s*(!=|>=|<=|=|>|<|~)\s*/y;
const WORD = /[^\s()"]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = [...tokenize(text)];
    const terms = this.#tokens.filter(({ type }) => type === 'term');
    if (terms.length > MAX_TERMS) throw new QueryError(`more than ${MAX_TERMS} conditions`, terms[MAX_TERMS]?.at ?? 0);
  }

  parse(): Condition | undefined {
    if (this.#tokens.length === 0) return undefined;
    const condition = this.#readOr();
    const rest = this.#tokens[this.#next];
    if (rest !== undefined) throw new QueryError('a bracket that closes nothing', rest.at);
    return condition;
  }

  #readOr(): Condition {
    const items = [this.#readAnd()];
    while (this.#take('or')) items.push(this.#readAnd());
    return join('or', items);
  }

  #readAnd(): Condition {
    const items = [this.#readOne()];
    for (;;) {
      if (this.#take('and')) items.push(this.#readOne());
      else if (['open', 'not', 'term'].includes(this.#tokens[this.#next]?.type ?? '')) items.push(this.#readOne());
      else return join('and', items);
    }
  }

  #readOne(): Condition {
    const token = this.#tokens[this.#next++];
    if (token?.type === 'term') return token.condition;
    if (token?.type !== 'not' && token?.type !== 'open')
      throw new QueryError('a condition is missing here', token?.at ?? this.#text.length);
    if (++this.#depth > MAX_DEPTH) throw new QueryError('brackets within brackets, too deep', token.at);
    const inner: Condition = token.type === 'not' ? { type: 'not', item: this.#readOne() } : this.#readOr();
    this.#depth--;
    if (token.type === 'open' && !this.#take('close')) throw new QueryError('a bracket that is not closed', token.at);
    return inner;
  }

  #take(type: Token['type']): boolean {
    if (this.#tokens[this.#next]?.type !== type) return false;
    this.#next++;
    return true;
  }
}

function join(type: 'and' | 'or', items: readonly Condition[]): Condition {
  const [only] = items;
  return only !== undefined && items.length === 1 ? only : { type, items };
}

function* tokenize(text: string): Generator<Token> {
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found;
  };
  const readValue = (): { value: string; isQuoted: boolean } | undefined => {
    if (text[at] === '"') {
      const start = at;
      const quoted = match(QUOTED)?.[1];
      if (quoted === undefined) throw new QueryError('a quotation mark that is not closed', start);
      return { value: quoted.replaceAll(/\\(.)/g, '$1'), isQuoted: true };
    }
    const word = match(WORD)?.[0];
    return word === undefined ? undefined : { value: word, isQuoted: false };
  };

  for (;;) {
    match(/\s*/y);
    if (at >= text.length) return;
    const start = at;
    if (match(/\(/y)) yield { type: 'open', at: start };
    else if (match(/\)/y)) yield { type: 'close', at: start };
    else if (match(/(?:or|\|\|)(?=[\s(])/iy)) yield { type: 'or', at: start };
    else if (match(/(?:and|&&)(?=[\s(])/iy)) yield { type: 'and', at: start };
    else if (match(/not(?=[\s(])|[-!](?=[^\s=])/iy)) yield { type: 'not', at: start };
    else {
      const field = match(FIELD)?.[0];
      const operator = field === undefined ? undefined : match(OPERATOR)?.[1];
      const valueAt = at;
      const found = readValue();
      if (field === undefined || operator === undefined) {
        if (found === undefined) throw new QueryError('not understood', start);
        yield { type: 'term', at: start, condition: { type: 'text', text: found.value, at: start } };
        continue;
      }
      if (found === undefined) throw new QueryError(`a value is missing after ${field}${operator}`, valueAt);
      const condition = {
        type: 'compare',
        field,
        operator: operator as Operator,
        ...found,
        at: start,
        valueAt,
      } as const;
      yield { type: 'term', at: start, condition };
    }
  }
}
