// Called by the server for /api/…, when the token was right: what the page, the CLI and tests ask.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Redactor } from '../../redaction/create-redactor.ts';
import type { ApiError } from '../model.ts';
import { writeOtlp } from '../otlp/write-otlp.ts';
import { FIELD_NAMES } from '../query/compile-query.ts';
import { QueryError } from '../query/parse-query.ts';
import { drawSummary, drawTrace, toMarkdown } from '../share/draw-trace.ts';
import { type TraceRecords, redactRecords, toRedactedOtlp } from '../share/redact-records.ts';
import { toSavedPage } from '../share/saved-page.ts';
import { readRoutes } from '../store/read-routes.ts';
import { readServices } from '../store/read-services.ts';
import { listTraces, readTraceRecords, readTraceText } from '../store/read-traces.ts';
import type { Store } from '../store/store.ts';
import type { ChangeStream } from './change-stream.ts';

export interface ApiTools {
  readonly store: Store;
  readonly redactor: Redactor;
  readonly changes: ChangeStream;
  /** The HTML of the page. */
  readonly page: () => string;
}

const DEFAULT_LIMIT = 1_000;
/** With their spans, traces are not small. */
const DEFAULT_WHOLE_LIMIT = 50;
const MIN_COLUMNS = 20;
const MAX_COLUMNS = 1_000;

/** Answers one request; never throws. */
export function answerApi(request: IncomingMessage, response: ServerResponse, url: URL, tools: ApiTools): void {
  try {
    const answer = route(request.method ?? 'GET', url, tools);
    if (answer === 'changes') tools.changes.add(response);
    else if (answer === undefined) sendError(response, 404, 'there is nothing here');
    else send(response, answer);
  } catch (error) {
    if (error instanceof QueryError) sendError(response, 400, error.message, error.column);
    else sendError(response, 500, error instanceof Error ? error.message : String(error));
  }
}

/** A text with its type; `name` for what is saved. */
interface Answer {
  readonly text: string;
  readonly type: 'application/json' | 'text/html' | 'text/markdown' | 'text/plain';
  readonly name?: string;
}

const json = (value: unknown): Answer => ({ text: JSON.stringify(value), type: 'application/json' });
const NOTHING: Answer = { text: '', type: 'text/plain' };

function route(method: string, { pathname, searchParams }: URL, tools: ApiTools): Answer | 'changes' | undefined {
  const { store } = tools;
  const [, id = '', rest] = /^\/api\/traces\/([\da-f]{32})(?:\/([a-z]+))?$/.exec(pathname) ?? [];
  if (id !== '')
    return method === 'GET' ? readTrace(id, rest, searchParams, tools) : changeTrace(method, id, rest, store);
  if (method === 'DELETE' && pathname === '/api/traces') {
    store.clear();
    return NOTHING;
  }
  if (method !== 'GET') return undefined;
  switch (pathname) {
    case '/api/traces':
      return readList(searchParams, tools);
    case '/api/routes':
      return json(readRoutes(store, toInput(searchParams)));
    case '/api/services':
      return json(readServices(store, toInput(searchParams)));
    case '/api/fields':
      return json([...FIELD_NAMES, ...readNames(store)]);
    case '/api/changes':
      return 'changes';
    default:
      return undefined;
  }
}

function readList(params: URLSearchParams, { store, redactor }: ApiTools): Answer {
  const isWhole = params.get('spans') === 'true';
  const limit = toNumber(params.get('limit')) ?? (isWhole ? DEFAULT_WHOLE_LIMIT : DEFAULT_LIMIT);
  const list = listTraces(store, { ...toInput(params), limit: Math.max(0, Math.floor(limit)) });
  if (params.get('as') === 'text') {
    const look = toLook(params);
    const clean = (text: string): string => redactor.redact(text, 'string');
    return json({
      ...list,
      lines: list.traces.map((trace) =>
        drawSummary({ ...trace, name: clean(trace.name), service: clean(trace.service) }, look),
      ),
    });
  }
  if (!isWhole) return json(list);
  const whole = list.traces.flatMap(({ id }) => readTraceText(store, id) ?? []);
  const { traces: _, ...head } = list;
  return { text: `${JSON.stringify(head).slice(0, -1)},"traces":[${whole.join(',')}]}`, type: 'application/json' };
}

function readTrace(id: string, as: string | undefined, params: URLSearchParams, tools: ApiTools): Answer | undefined {
  const { store, redactor, page } = tools;
  const span = params.get('span') ?? undefined;
  if (as === undefined) {
    const text = readTraceText(store, id, span);
    return text === undefined ? undefined : { text, type: 'application/json' };
  }
  const records = readTraceRecords(store, id, span);
  if (records === undefined) return undefined;
  const name = `trace-${id.slice(0, 8)}`;
  switch (as) {
    case 'raw':
      return json(writeOtlp(records.spans, records.logs));
    case 'otlp':
      return { ...json(toRedactedOtlp(records, redactor)), name: `${name}.json` };
    case 'html':
      return { text: toSavedPage(page(), toRedactedOtlp(records, redactor)), type: 'text/html', name: `${name}.html` };
    case 'markdown':
      return {
        text: toMarkdown(toSummary(store, id), redactRecords(records, redactor)),
        type: 'text/markdown',
        name: `${name}.md`,
      };
    case 'text':
      return {
        text: drawTrace(redactRecords(records, redactor) satisfies TraceRecords, toLook(params)),
        type: 'text/plain',
      };
    default:
      return undefined;
  }
}

function toSummary(store: Store, id: string) {
  const [summary] = listTraces(store, { query: `trace=${id}`, limit: 1 }).traces;
  if (summary === undefined) throw new Error(`trace ${id} is gone`);
  return summary;
}

function changeTrace(method: string, id: string, what: string | undefined, store: Store): Answer | undefined {
  if (what !== 'pin' || (method !== 'PUT' && method !== 'DELETE')) return undefined;
  return store.pin(id, method === 'PUT') ? NOTHING : undefined;
}

function readNames(store: Store): readonly string[] {
  const rows = store.database.prepare('SELECT DISTINCT key FROM shape_keys ORDER BY key LIMIT 500').all();
  return rows.map((row) => String(row['key']));
}

function toInput(params: URLSearchParams) {
  return {
    query: params.get('query') ?? '',
    fromMillis: toNumber(params.get('from')),
    untilMillis: toNumber(params.get('until')),
  };
}

const toLook = (params: URLSearchParams) => ({
  columns: Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, toNumber(params.get('columns')) ?? 120)),
  color: params.get('color') === 'true',
});

function toNumber(text: string | null): number | undefined {
  const number = Number(text ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

function send(response: ServerResponse, { text, type, name }: Answer): void {
  response.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    // What is saved is never shown as a page of this address.
    ...(name !== undefined && { 'content-disposition': `attachment; filename="${name}"` }),
  });
  response.end(text);
}

function sendError(response: ServerResponse, status: number, message: string, column?: number): void {
  const body: ApiError = { error: { message, ...(column !== undefined && { column }) } };
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
