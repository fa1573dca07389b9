// A project for every cause that doctor knows: it names that cause, says what mends it, and accuses nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { build } from 'rolldown';
import type { Cause } from '../../src/cli/doctor/cause.ts';
import { causes } from '../../src/cli/doctor/causes.ts';
import { LATER_KEYS } from '../../src/config/later.ts';
import { canHookLoad, isSupportedNode } from '../../src/node-version.ts';
import { casesOf } from '../support/every-case.ts';
import { runProgram } from '../support/run-program.ts';
import { callMain } from './call-main.ts';
import { type Receivers, fixtures, installFixture, startReceivers, tracing } from './doctor-project.ts';

interface Row {
  /** Behind `doctor --`; without it doctor only looks around. `node` is the one that runs this test. */
  readonly command?: readonly string[];
  /** Beside the agent, installed from our own. */
  readonly links?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Part of what is said. */
  readonly says: RegExp;
  /** Part of the line that mends. */
  readonly mends: RegExp;
  /** What else is true of the project. */
  readonly also?: readonly string[];
  /** Why it cannot be shown on this machine. */
  readonly skip?: string | false;
  /** Makes what cannot be in the repository. */
  readonly prepare?: (folder: string) => unknown;
  readonly isInstalled?: false;
}

const WITH = ['node', '--import', '@tracing/agent'];
const START = [...WITH, 'app.mjs'];
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return !isSupportedNode(stdout.slice(1).trim());
});
const hasLoaderFlag = process.allowedNodeEnvironmentFlags.has('--experimental-loader');
const laterKey = LATER_KEYS.find((key) => key.includes('.'));

const table: Readonly<Record<string, Row>> = {
  'node-too-old': {
    command: [oldNode ?? 'node', '--import', '@tracing/agent', 'app.mjs'],
    says: /^the program runs on Node\.js \d+/,
    mends: /Node\.js 24, or at least 22\.18/,
    skip: oldNode === undefined && 'no old Node.js on this machine',
  },
  'command-not-found': {
    command: ['no-such-command'],
    says: /^no-such-command: command not found$/,
    mends: /npm start/,
  },
  'no-program': { command: ['true'], says: /^`true` starts no Node\.js program$/, mends: /give the command/ },
  'agent-not-installed': {
    command: START,
    isInstalled: false,
    says: /does not find @tracing\/agent/,
    mends: /^npm install @tracing\/agent/,
  },
  'command-failed': {
    command: START,
    says: /ended with exit code 1 .*Error: no database at postgres:\/\/REDACTED:REDACTED@127/,
    mends: /mend the program first/,
    also: ['no-requests'],
  },
  'no-preload': {
    command: ['node', 'app.mjs'],
    says: /^`node app\.mjs` does not load the agent/,
    mends: /^start it with node --import @tracing\/agent app\.mjs$/,
  },
  'flag-after-program': {
    command: ['node', 'app.mjs', '--import', '@tracing/agent'],
    says: /^--import @tracing\/agent stands behind app\.mjs/,
    mends: /^put it in front/,
  },
  'no-script-loads-it': { says: /^no script/, mends: /tracing init/ },
  'imported-by-program': {
    command: ['node', 'app.mjs'],
    says: /^the program imports @tracing\/agent itself, \d+ ms after its start$/,
    mends: /take the import out/,
  },
  'loaded-too-late': {
    command: ['node', '--require', './setup.cjs', '--import', '@tracing/agent', 'app.mjs'],
    links: ['express'],
    says: /^(?:express|router) \d.* was loaded before the agent$/,
    mends: /put --require @tracing\/agent/,
  },
  'old-loader': {
    command: ['node', '--experimental-loader', './loader.mjs', ...START.slice(1)],
    says: /--experimental-loader \.\/loader\.mjs$/,
    mends: /take the flag out/,
    skip: !hasLoaderFlag && 'this Node.js has no --experimental-loader any more',
  },
  'old-module-hooks': {
    command: START,
    links: ['express'],
    says: /shows ES modules of libraries in an older way/,
    mends: /22\.22\.3, 24\.11\.1/,
    skip: canHookLoad(process.versions.node) && 'this Node.js has the newer hooks',
  },
  'agent-failed': {
    command: ['node', '--require', './break.cjs', ...START.slice(1)],
    // Nothing that could redact its message is there.
    says: /could not start: Error$/,
    mends: /report it/,
  },
  'disabled-by-variable': {
    command: START,
    env: { OTEL_SDK_DISABLED: 'true' },
    says: /^OTEL_SDK_DISABLED is set/,
    mends: /^unset OTEL_SDK_DISABLED$/,
  },
  'disabled-by-file': { command: START, says: /^enabled is false \(\.tracingrc:1\)/, mends: /enabled: true/ },
  'worker-without-agent': {
    command: START,
    says: /^1 worker thread runs without the agent$/,
    mends: /NODE_OPTIONS/,
    also: ['no-requests'],
  },
  'process-without-agent': {
    command: START,
    says: /^child\.mjs, which the program starts, runs without the agent$/,
    mends: /NODE_OPTIONS/,
    also: ['no-requests'],
  },
  'exit-at-once': {
    command: START,
    says: /^process\.exit\(\) was called \d+ ms after the start, with \d requests? under way$/,
    mends: /process\.exitCode/,
  },

  'another-sdk-first': {
    command: ['node', '--require', './sdk.cjs', ...START.slice(1)],
    links: ['@opentelemetry/api', '@opentelemetry/sdk-trace'],
    says: /^another OpenTelemetry SDK was first \(@opentelemetry\/sdk-trace\)/,
    mends: /take its set-up out/,
  },
  'second-sdk': {
    command: START,
    links: ['@opentelemetry/sdk-trace'],
    says: /^the program loads @opentelemetry\/sdk-trace/,
    mends: /take its set-up out/,
  },
  'another-agent': { command: START, says: /^another agent is loaded: dd-trace$/, mends: /one of them/ },
  'api-newer': {
    command: START,
    says: /^@opentelemetry\/api 1\.999\.0 in .* does not see the agent, which has 1\.\d+\.\d+$/,
    mends: /^install @opentelemetry\/api@~1\./,
  },
  'api-copies': { command: START, says: /^2 versions of @opentelemetry\/api: 1\.9\.0, 1\.8\.0$/, mends: /dedupe/ },
  bundled: {
    command: [...WITH, 'bundle.mjs'],
    prepare: (folder) =>
      build({
        cwd: fixtures,
        input: join(fixtures, 'bundled/app.mjs'),
        platform: 'node',
        logLevel: 'silent',
        output: { file: join(folder, 'bundle.mjs') },
      }),
    says: /express.*: inside the bundle that the program is$/,
    mends: /--packages=external/,
  },
  'library-version': {
    command: START,
    says: /^memcached 9\.0\.0: version 9\.0\.0 is outside >=2\.2\.0 <3$/,
    mends: /in that range/,
  },
  'library-failed': { command: START, says: /^memcached 2\.2\.2: /, mends: /report it/ },
  'library-off': {
    command: START,
    links: ['express'],
    env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express' },
    says: /^express is not traced: instrumentations\.express is off$/,
    mends: /OTEL_NODE_DISABLED_INSTRUMENTATIONS/,
  },
  'http-off': { says: /^instrumentations\.http is off \(\.tracingrc:2\)$/, mends: /http: true/ },

  'config-name': { says: /^tracing\.yaml is not read$/, mends: /^mv tracing\.yaml \.tracingrc\.yaml / },
  'config-folder': { says: /^config\/\.tracingrc is not read$/, mends: /^mv config\/\.tracingrc \.tracingrc / },
  'config-broken': {
    says: /^\.tracingrc:\d is not valid YAML .*the file is not used$/,
    mends: /mend the file/,
    also: ['config-url-broken'],
  },
  'config-key': { says: /^\.tracingrc:2 service\.nmae is not an option$/, mends: /^write service\.name$/ },
  'config-variable': {
    env: { TRACING_CONSOL: 'line' },
    says: /^TRACING_CONSOL is not a variable of this agent$/,
    mends: /^write TRACING_CONSOLE$/,
  },
  'config-value': {
    says: /^\.tracingrc:2 sampling\.ratio: expected a number from 0 to 1, got 20/,
    mends: /of the kind that is expected/,
  },
  'config-later': {
    prepare: (folder) => writeFileSync(join(folder, '.tracingrc'), `${laterKey}: true\n`),
    says: /is not supported in this version yet$/,
    mends: /take it out/,
    skip: laterKey === undefined && 'every option is supported',
  },
  'config-url-broken': { says: /^until the configuration of url is mended/, mends: /url/, also: ['config-key'] },
  'sampled-to-zero': {
    command: START,
    env: { OTEL_TRACES_SAMPLER: 'always_off' },
    says: /^sampling\.ratio is 0 \(OTEL_TRACES_SAMPLER\): no trace is kept$/,
    mends: /unset the variable/,
  },
  'everything-ignored': {
    says: /^url\.ignore\[0\] \/\* \(\.tracingrc:2\) ignores every request$/,
    mends: /tracing url/,
  },
  'not-sampled': { command: START, says: /^none of 1 requests is kept/, mends: /sampling\.followParent/ },
  'no-requests': { command: START, says: /^no request was received or made in \d+\.\d s$/, mends: /--seconds 30/ },

  'nowhere-to-send': {
    says: /^no destination is set, and the console is off \(\.tracingrc:2\)$/,
    mends: /TRACING_CONSOLE=tree/,
  },
  'no-token': { says: /there is no token$/, mends: /LOGFIRE_TOKEN/, also: ['agent-warns'] },
  'region-mismatch': {
    env: { NODE_OPTIONS: '--require ./names-to-loopback.cjs' },
    says: /^the token is of the region eu, but http:\/\/logfire-us\.example\.test:\d+\/v1\/traces is in us$/,
    mends: /^unset LOGFIRE_BASE_URL/,
  },
  'bad-token': { says: /refuses the key \(401\)$/, mends: /LOGFIRE_TOKEN, OTEL_EXPORTER_OTLP_HEADERS/ },
  refused: { says: /nothing listens there \(ECONNREFUSED\)$/, mends: /start the receiver/ },
  'unknown-host': { says: /no such host \((?:ENOTFOUND|EAI_AGAIN)\)$/, mends: /typing error/ },
  'no-answer': { says: /no (?:connection|answer) within \d+ ms$/, mends: /firewalls/ },
  certificate: {
    says: /its certificate is not trusted: .*self-signed/,
    mends: /OTEL_EXPORTER_OTLP_CERTIFICATE=ca\.pem/,
  },
  'not-tls': { says: /does not speak TLS$/, mends: /write http:\/\// },
  'wrong-protocol': { says: /speaks gRPC, not HTTP\/1\.1$/, mends: /4318; 4317 is for gRPC/ },
  'http-port': { says: /speaks HTTP\/1\.1, not gRPC$/, mends: /OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf/ },
  'path-twice': {
    says: /\/only\/v1\/traces\/v1\/traces has \/v1\/traces twice \(404\)$/,
    mends: /take \/v1\/traces out/,
  },
  'wrong-path': { says: /answers 404: nothing at this path$/, mends: /check the path/ },
  proxy: { says: /answers 200 with a page \(text\/html\)/, mends: /let the proxy pass it/ },
  busy: { says: /answers 503$/, mends: /tries again/ },
  'file-not-writable': { says: /^no-such-folder\/spans\.jsonl cannot be written: ENOENT/, mends: /make its folder/ },
  'not-taken': { says: /does not take a span: HTTP status 400$/, mends: /look at the receiver/ },
  'clock-skew': { says: /^the clock here is 24 hours ahead of http:\/\/127/, mends: /set the clock/ },
  'spans-lost': {
    command: START,
    says: /^\d of \d spans to http:.* were lost: HTTP status 400$/,
    mends: /docs\/destinations\.md/,
  },
  'agent-warns': {
    says: /^cannot read no-such-ca\.pem of export\.otlp\.certificates\.ca/,
    mends: /what the line says/,
  },
};

/** What no finding and no line of a report may hold. */
const SECRETS = /hunter2secret|notTheKey|notARealToken|secret-value-123/;

interface Outcome {
  readonly code: number | null;
  readonly findings: ReadonlyArray<{
    readonly id: string;
    readonly level: string;
    readonly says: string;
    readonly mend: string;
  }>;
}

let receivers: Receivers;
before(async () => {
  receivers = await startReceivers();
});
after(() => receivers[Symbol.asyncDispose]());

async function diagnose(t: TestContext, cause: string, row: Partial<Row>): Promise<Outcome> {
  const { command, links = [], env = {}, prepare, isInstalled } = row;
  const { folder, remove } = installFixture(cause, isInstalled === false ? links : ['@tracing/agent', ...links]);
  try {
    await prepare?.(folder);
    const words = command?.map((word) => (word === 'node' ? process.execPath : word)) ?? [];
    const all = { ...receivers.env, NODE_NO_WARNINGS: '1', ...env };
    // They end by themselves, however long that takes on a busy machine.
    const args = ['doctor', '--json', ...(command === undefined ? [] : ['--seconds', '60', '--', ...words])];
    const exit = isAlone(row)
      ? await callMain(t, args, { cwd: folder, env: all })
      : await runProgram({ program: tracing, args, cwd: folder, env: all });
    assert.equal(exit.stderr, '');
    assert.doesNotMatch(exit.stdout, SECRETS);
    // As a person types it.
    const text = exit.stdout.replaceAll(process.execPath, 'node');
    const { findings } = JSON.parse(text) as Outcome;
    return { code: exit.code, findings };
  } finally {
    remove();
  }
}

/** Looking around needs no process of its own; flags of Node's do. */
function isAlone({ command, env }: Partial<Row>): boolean {
  return command === undefined && env?.['NODE_OPTIONS'] === undefined;
}

async function check(t: TestContext, { id, level }: Cause): Promise<void> {
  const row = table[id];
  assert.ok(row !== undefined, `${id} has no row in the table of this test`);
  const { code, findings } = await diagnose(t, id, row);
  const ids = new Set(findings.map((finding) => finding.id));
  // True of every program with a library, where it is true.
  if (id !== 'old-module-hooks' && !canHookLoad(process.versions.node)) ids.delete('old-module-hooks');
  assert.deepEqual([...ids].toSorted(), [id, ...(row.also ?? [])].toSorted(), JSON.stringify(findings, null, 2));
  const finding = findings.find((found) => found.id === id);
  assert.equal(finding?.level, level);
  assert.match(finding.says, row.says);
  assert.match(finding.mend, row.mends);
  assert.equal(code, findings.some((found) => found.level === 'fail') ? 1 : 0);
}

suite('doctor, looking around, names', { timeout: 300_000 }, () => {
  for (const cause of causes.filter(({ id }) => isAlone(table[id] ?? {}))) {
    test(cause.id, { skip: table[cause.id]?.skip ?? false }, (t) => check(t, cause));
  }

  test('a project for every cause, and no project for none', () => {
    const ids = causes.map(({ id }) => id);
    assert.deepEqual(Object.keys(table).toSorted(), ids.toSorted());
    assert.deepEqual(
      readdirSync(fixtures).filter((name) => name !== 'healthy'),
      ids.toSorted(),
    );
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(existsSync(join(fixtures, 'healthy')));
  });
});

suite('doctor, with a command, names', { concurrency: 3, timeout: 300_000 }, () => {
  test('nothing in a project that is as it should be', async (t) => {
    const { code, findings } = await diagnose(t, 'healthy', { command: START });
    assert.deepEqual({ code, findings }, { code: 0, findings: [] });
  });

  const withCommand = causes.filter(({ id }) => !isAlone(table[id] ?? {}));
  for (const cause of casesOf(withCommand, 3)) {
    test(cause.id, { skip: table[cause.id]?.skip ?? false }, (t) => check(t, cause));
  }
});
