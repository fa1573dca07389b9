// The tests of this folder run the programs of test/fixtures/libraries with it, each as an ES module and as CommonJS, in a project of its own.
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { startSink, type Sink } from '../support/otlp-sink.ts';
import { patientFlags, startProgram, type Exit } from '../support/run-program.ts';
import { requireService, type ServiceName } from '../support/services.ts';
import { type TreeOptions, assertTrees } from '../support/trace-tree.ts';

const fixtures = fileURLToPath(new URL('../fixtures/libraries/', import.meta.url));
const installed = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** How a program asks for its libraries. */
export type ModuleStyle = 'ES modules' | 'CommonJS';

/** Folder in node_modules of the project -> folder in ours: `{ express: 'express-4' }`. */
export type Links = Readonly<Record<string, string>>;

/** Writes a program into a folder where `links` are installed, and gives its path. */
export function createProgram(t: TestContext, source: string, style: ModuleStyle, links: Links): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-library-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, target] of Object.entries(links)) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(installed, target), link);
  }
  cpSync(join(fixtures, 'serve.cjs'), join(folder, 'serve.cjs'));
  writeFileSync(join(folder, 'package.json'), '{"name":"shop"}');
  const program = join(folder, style === 'CommonJS' ? 'main.cjs' : 'main.mjs');
  writeFileSync(program, style === 'CommonJS' ? toCommonJs(source) : source);
  return program;
}

/** The same program with `require`; a default import of CommonJS is what `require` gives. */
function toCommonJs(source: string): string {
  return source
    .replaceAll(/^import (.+) from ('[^']+');$/gm, 'const $1 = require($2);')
    .replaceAll(/^import ('[^']+');$/gm, 'require($1);');
}

export interface LibraryTest {
  /** A program of test/fixtures/libraries, without its ending; the name of the test if not given. */
  readonly fixture?: string;
  readonly links: Links;
  readonly service?: ServiceName;
  /** Asked for one after another; a path, or what fetch takes beside it. */
  readonly requests?: ReadonlyArray<string | readonly [path: string, init: RequestInit]>;
  readonly env?: Readonly<Record<string, string>>;
  /** Answers in place of a service that cannot be had; the program finds its address in SERVICE. */
  readonly stub?: RequestListener;
  /** A .tracingrc for the program. */
  readonly config?: string;
  /** The trace of all requests; `attributes` are drawn beside the names. */
  readonly tree: string;
  readonly attributes?: readonly string[];
  /** `text` where spans begin at once. */
  readonly order?: TreeOptions['order'];
  /** Never in what was sent. */
  readonly secrets?: readonly string[];
  /** Another test is the same but for an older major, another base or another encoding: it runs where every case is wanted. */
  readonly isVariant?: boolean;
  readonly check?: (result: { readonly sink: Sink; readonly exit: Exit }) => void;
}

const declared = new Map<string, LibraryTest>();
let isReading = false;

/** The tests that a file of this folder declares, none of which is run. */
export async function readLibraryTests(file: string): Promise<ReadonlyMap<string, LibraryTest>> {
  declared.clear();
  isReading = true;
  try {
    await import(`./${file}`);
    return new Map(declared);
  } finally {
    isReading = false;
  }
}

/** Two tests: the program as an ES module and as CommonJS makes exactly this trace. Where not every case runs, libraries take turns with the two. */
export function libraryTest(name: string, options: LibraryTest): void {
  declared.set(name, options);
  if (isReading) return;
  const styles: readonly ModuleStyle[] =
    declared.size % 2 === 1 ? ['ES modules', 'CommonJS'] : ['CommonJS', 'ES modules'];
  const source = readFileSync(join(fixtures, `${options.fixture ?? name}.mjs`), 'utf8');
  suite(name, { concurrency: 2, timeout: 240_000 }, () => {
    for (const style of casesOf(styles, options.isVariant ? 0 : 1)) {
      test(style, async (t) => {
        if (options.service !== undefined && (await requireService(t, options.service)) === undefined) return;
        const result = await run(t, source, style, options);
        const { tree, attributes = [], order = 'start' } = options;
        assertTrees(result.sink.spans, tree, { attributes, order });
        const sent = result.sink.rawText();
        for (const secret of options.secrets ?? []) {
          if (sent.includes(secret)) throw new Error(`${secret} was sent`);
        }
        options.check?.(result);
      });
    }
  });
}

async function run(
  t: TestContext,
  source: string,
  style: ModuleStyle,
  { links, requests = ['/'], env, stub, config }: LibraryTest,
): Promise<{ sink: Sink; exit: Exit }> {
  const sink = await closeAfter(t, startSink());
  const path = createProgram(t, source, style, links);
  if (config !== undefined) writeFileSync(join(dirname(path), '.tracingrc'), config);
  const programEnv = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    TRACING_THROW_INTERNAL_ERRORS: '1',
    ...(stub !== undefined && { SERVICE: await startStub(t, stub) }),
    ...env,
  };
  const program = await closeAfter(
    t,
    startProgram({ program: path, flags: patientFlags, env: programEnv, ipc: false }),
  );
  for (const request of requests) {
    const [target, init] = typeof request === 'string' ? [request] : request;
    const response = await fetch(`http://127.0.0.1:${program.port}${target}`, init);
    await response.text();
  }
  // On its way out the agent sends what it has.
  return { sink, exit: await program.kill() };
}

async function startStub(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
