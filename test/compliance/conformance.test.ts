// The table of docs/conformance.md is what real clients and servers left in a real receiver, attribute by attribute.
// `UPDATE_DOCS=1 node --test test/compliance/conformance.test.ts` writes it anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import type { ReceivedSpan } from '../support/otlp-decode.ts';
import { startSink } from '../support/otlp-sink.ts';
import { patientFlags, appsFolder, runProgram } from '../support/run-program.ts';
import { REQUIREMENT_LEVELS, type RequiredAttribute } from './requirement-levels.ts';

type Side = 'CLIENT' | 'SERVER';
type Scenario = 'plain' | 'fault' | 'odd' | 'resend' | 'resent' | 'refused';

const PAGE = join(import.meta.dirname, '../../docs/conformance.md');
const TRANSPORTS: Readonly<Record<Side, readonly string[]>> = {
  CLIENT: ['http', 'https', 'http2', 'fetch', 'undici'],
  SERVER: ['http', 'https', 'http2'],
};

/** What an attribute has to be in a scenario. Undefined: it has to be absent. */
type Expected = string | number | RegExp | undefined;

interface Expectation {
  readonly scenario: Scenario;
  readonly value: (transport: string, side: Side) => Expected;
}

const version = (transport: string): string => (transport === 'http2' ? '2' : '1.1');
const scheme = (transport: string): string => (transport === 'https' ? 'https' : 'http');
const followsRedirects = (transport: string): boolean => transport === 'fetch' || transport === 'undici';
const PORT = /^[1-9]\d{3,4}$/;

/** Where an attribute is seen, and where it must not be. The first one that is present is what the table shows. */
const EXPECTATIONS: Readonly<Record<string, readonly Expectation[]>> = {
  'http.request.method': [
    { scenario: 'plain', value: () => 'GET' },
    { scenario: 'odd', value: () => '_OTHER' },
  ],
  'http.request.method_original': [
    { scenario: 'odd', value: () => 'PURGE' },
    { scenario: 'plain', value: () => undefined },
  ],
  'http.response.status_code': [
    { scenario: 'plain', value: () => 200 },
    { scenario: 'fault', value: () => 503 },
    { scenario: 'refused', value: () => undefined },
  ],
  'error.type': [
    { scenario: 'fault', value: () => '503' },
    { scenario: 'refused', value: () => 'ECONNREFUSED' },
    { scenario: 'plain', value: () => undefined },
  ],
  'network.protocol.name': [{ scenario: 'plain', value: () => undefined }],
  'network.protocol.version': [{ scenario: 'plain', value: version }],
  'network.peer.address': [{ scenario: 'plain', value: () => '127.0.0.1' }],
  'network.peer.port': [{ scenario: 'plain', value: () => PORT }],
  'url.full': [
    {
      scenario: 'plain',
      value: (transport) => new RegExp(`^${scheme(transport)}://127\\.0\\.0\\.1:\\d+/${transport}/plain/7\\?page=2$`),
    },
  ],
  'server.address': [{ scenario: 'plain', value: () => '127.0.0.1' }],
  'server.port': [{ scenario: 'plain', value: () => PORT }],
  'http.request.resend_count': [
    { scenario: 'resent', value: (transport) => (followsRedirects(transport) ? 1 : undefined) },
    { scenario: 'plain', value: () => undefined },
  ],
  'url.scheme': [{ scenario: 'plain', value: scheme }],
  'url.path': [{ scenario: 'plain', value: (transport) => `/${transport}/plain/7` }],
  'url.query': [
    { scenario: 'plain', value: () => 'page=2' },
    { scenario: 'fault', value: () => undefined },
  ],
  'http.route': [
    { scenario: 'plain', value: (transport) => `/${transport}/plain/:id` },
    { scenario: 'fault', value: () => undefined },
  ],
  'client.address': [{ scenario: 'plain', value: () => '127.0.0.1' }],
  'user_agent.original': [{ scenario: 'plain', value: () => 'conformance/1.0' }],
};

/** Why no span of that transport can have the attribute, for the table. */
function whyAbsent(attribute: string, transport: string): string {
  if (attribute === 'network.protocol.name') return 'it is `http`';
  if (attribute === 'http.request.resend_count' && !followsRedirects(transport)) return 'follows no redirects';
  return 'MISSING';
}

suite('HTTP spans have every required and recommended attribute:', () => {
  let spans: ReceivedSpan[] = [];

  before(async () => {
    const sink = await startSink();
    const exit = await runProgram({
      program: 'conformance/program.mjs',
      flags: patientFlags,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        TRACING_CONFIG: join(appsFolder, 'conformance/tracing.config.mjs'),
      },
      timeoutMillis: 120_000,
    });
    spans = sink.spans;
    await sink[Symbol.asyncDispose]();
    assert.deepEqual([exit.code, exit.stderr], [0, '']);
  });

  const find = (side: Side, transport: string, scenario: Scenario): ReceivedSpan | undefined =>
    spans.find(({ kind, attributes }) => {
      const url = String(attributes[side === 'CLIENT' ? 'url.full' : 'url.path']);
      return kind === side && `${url}/`.replace('?', '/').includes(`/${transport}/${scenario}/`);
    });

  for (const side of ['CLIENT', 'SERVER'] as const) {
    for (const transport of TRANSPORTS[side]) {
      for (const attribute of REQUIREMENT_LEVELS[side]) {
        test(`${side} ${transport}: ${attribute.name}`, () => {
          for (const { scenario, value } of EXPECTATIONS[attribute.name] ?? []) {
            const span = find(side, transport, scenario);
            // Nothing is served where nobody listens, and Node's own clients follow no redirect.
            if (scenario === 'refused' && side === 'SERVER') continue;
            if (scenario === 'resent' && !followsRedirects(transport)) continue;
            assert.ok(span, `no ${side} span of ${transport}, ${scenario}`);
            assertValue(span.attributes[attribute.name], value(transport, side), attribute, scenario);
          }
        });
      }
    }
  }

  test('docs/conformance.md shows it', () => {
    const tables = (['CLIENT', 'SERVER'] as const).map((side) => drawTable(side, find)).join('\n');
    const page = readFileSync(PAGE, 'utf8');
    const start = page.indexOf('## Client spans');
    assert.ok(start > 0);
    const wanted = page.slice(0, start) + tables;
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, wanted);
    else assert.equal(page, wanted);
  });
});

function assertValue(actual: unknown, expected: Expected, { name, type }: RequiredAttribute, scenario: string): void {
  if (expected instanceof RegExp) assert.match(String(actual), expected, `${name} in ${scenario}`);
  else assert.equal(actual, expected, `${name} in ${scenario}`);
  if (actual !== undefined) assert.equal(typeof actual, type === 'int' ? 'number' : 'string', name);
}

function drawTable(
  side: Side,
  find: (side: Side, transport: string, scenario: Scenario) => ReceivedSpan | undefined,
): string {
  const transports = TRANSPORTS[side];
  const rows = REQUIREMENT_LEVELS[side].map(({ name, level, condition, type }) => {
    const cells = transports.map((transport) => drawCell(name, transport, side, find));
    const whens = new Set(cells.flatMap(({ when }) => when ?? []));
    const requirement = level + (condition === undefined ? '' : `: if ${condition}`);
    return [`\`${name}\``, requirement, type, Array.from(whens).join(', ')].concat(cells.map(({ text }) => text));
  });
  const header = ['attribute', 'level', 'type', 'set at', ...transports];
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `## ${side === 'CLIENT' ? 'Client' : 'Server'} spans\n\n${lines.join('\n')}\n`;
}

function drawCell(
  name: string,
  transport: string,
  side: Side,
  find: (side: Side, transport: string, scenario: Scenario) => ReceivedSpan | undefined,
): { text: string; when?: string } {
  for (const { scenario } of EXPECTATIONS[name] ?? []) {
    const attributes = find(side, transport, scenario)?.attributes;
    const value = attributes?.[name];
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const bornWith = attributes?.['test.born_with'];
    const when = Array.isArray(bornWith) && bornWith.includes(name) ? 'birth' : 'end';
    return { text: `\`${String(value).replaceAll(/(?<=127\.0\.0\.1:)\d+|^\d{4,5}$/g, '<port>')}\``, when };
  }
  return { text: whyAbsent(name, transport) };
}
