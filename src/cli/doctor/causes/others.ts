// Causes that lie in other tracing in the same program: SDKs, agents, copies of OpenTelemetry's API; and in libraries.
import { type Cause, when } from '../cause.ts';
import type { Facts } from '../facts.ts';

const SDKS: ReadonlySet<string> = new Set([
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/auto-instrumentations-node',
  '@vercel/otel',
  '@pydantic/logfire-node',
  'logfire',
]);
const AGENTS: ReadonlySet<string> = new Set([
  'dd-trace',
  'newrelic',
  'elastic-apm-node',
  '@elastic/opentelemetry-node',
  '@sentry/node',
  'applicationinsights',
  '@azure/monitor-opentelemetry',
  '@splunk/otel',
  '@instana/collector',
  '@dynatrace/oneagent',
  '@grafana/opentelemetry',
]);
const API = '@opentelemetry/api';

export const otherCauses: readonly Cause[] = [
  {
    id: 'another-sdk-first',
    level: 'fail',
    title: 'Another OpenTelemetry SDK is registered before the agent, which then stands aside.',
    mend: 'take its set-up out of the program, or load the agent before it',
    find: (facts) =>
      when(
        facts.main?.agent.reason === 'another SDK',
        `another OpenTelemetry SDK was first${toList(findLoaded(facts, SDKS))}, so the agent stands aside`,
      ),
  },
  {
    id: 'second-sdk',
    level: 'warn',
    title: 'The program brings an OpenTelemetry SDK of its own, which cannot register beside the agent.',
    mend: 'take its set-up out: the agent traces the same, and spans of your own go through its API',
    find: (facts) => {
      const found = findLoaded(facts, SDKS);
      return when(
        found.length > 0 && facts.main?.agent.state === 'running',
        `the program loads ${found.join(', ')}, which cannot register beside the agent`,
      );
    },
  },
  {
    id: 'another-agent',
    level: 'warn',
    title: 'Another tracing agent is loaded; both patch the same libraries and write the same headers.',
    mend: 'start the program with one of them',
    find: (facts) => {
      const found = findLoaded(facts, AGENTS);
      return when(
        found.length > 0,
        `another agent is ${facts.main === undefined ? 'a dependency' : 'loaded'}: ${found.join(', ')}`,
      );
    },
  },
  {
    id: 'api-newer',
    level: 'fail',
    title:
      'A copy of @opentelemetry/api is newer than the agent, or of another major version: what it is told goes nowhere.',
    mend: 'install a version of it that is not newer than that of the agent, or a newer version of the agent',
    find: (facts) => {
      const registered = facts.main?.registeredApi ?? facts.look.ownApi;
      return readApiCopies(facts)
        .filter(({ version }) => !isCompatible(version, registered))
        .map(({ version, folder }) => ({
          says: `@opentelemetry/api ${version} in ${folder} does not see the agent, which has ${registered}`,
          mend: `install @opentelemetry/api@~${registered}, or a newer version of the agent`,
        }));
    },
  },
  {
    id: 'api-copies',
    level: 'note',
    title: 'Several versions of @opentelemetry/api are loaded; those that are not newer than the agent work together.',
    mend: 'nothing has to be done; npm dedupe makes one of them',
    find: (facts) => {
      const versions = [...new Set(readApiCopies(facts).map(({ version }) => version))];
      return when(versions.length > 1, `${versions.length} versions of @opentelemetry/api: ${versions.join(', ')}`);
    },
  },
  {
    id: 'bundled',
    level: 'fail',
    title: 'Libraries are bundled into the program, where no instrumentation finds them.',
    mend: 'keep packages outside of the bundle (esbuild: --packages=external)',
    find: ({ look }) =>
      when(look.bundled.length > 0, `${look.bundled.join(', ')}: inside the bundle that the program is`),
  },
  {
    id: 'library-version',
    level: 'warn',
    title: 'A library has a version that its instrumentation does not know.',
    mend: 'install a version in that range; docs/libraries.md has all of them',
    find: ({ main }) =>
      ofState(main, 'unsupported').map(
        ({ name, version, reason }) => `${name} ${version ?? ''}: ${reason ?? 'not supported'}`,
      ),
  },
  {
    id: 'library-failed',
    level: 'fail',
    title: 'The instrumentation of a library failed.',
    mend: 'this is a mistake of the agent: please report it with this line; instrumentations.<name>: false turns it off',
    find: ({ main }) =>
      ofState(main, 'failed').map(({ name, version, reason }) => `${name} ${version ?? ''}: ${reason ?? 'failed'}`),
  },
  {
    id: 'library-off',
    level: 'note',
    title: 'The configuration turns the instrumentation of a library off.',
    mend: 'take the line out, or the name out of OTEL_NODE_DISABLED_INSTRUMENTATIONS',
    find: ({ main }) =>
      ofState(main, 'disabled').map(({ name, reason }) => `${name} is not traced: ${reason ?? 'turned off'}`),
  },
  {
    id: 'http-off',
    level: 'fail',
    title: 'instrumentations.http is off: no request that is received or sent makes a span.',
    mend: 'set instrumentations.http: true, or take the name out of the variable',
    find: ({ look: { config } }) => when(!config.http.value, `instrumentations.http is off (${config.http.source})`),
  },
];

/** What the program has loaded; without a run, what it depends on. */
function findLoaded({ main, look }: Facts, names: ReadonlySet<string>): readonly string[] {
  const loaded = main === undefined ? look.project.dependencies : main.packages.map(({ name }) => name);
  return [...new Set(loaded)].filter((name) => names.has(name));
}

function ofState(main: Facts['main'], state: string): NonNullable<Facts['main']>['libraries'] {
  return (main?.libraries ?? []).filter((library) => library.state === state);
}

function readApiCopies({ main, look }: Facts): ReadonlyArray<{ readonly version: string; readonly folder: string }> {
  if (main === undefined) return look.apiCopies;
  return main.packages.flatMap(({ name, version, folder }) =>
    name === API && version !== undefined ? [{ version, folder }] : [],
  );
}

/** A copy sees what is registered by one of its own major version that is not older: @opentelemetry/api, "compatibility". */
function isCompatible(version: string, registered: string): boolean {
  const [major, minor = 0] = version.split('.').map(Number);
  const [ofMajor, ofMinor = 0] = registered.split('.').map(Number);
  return major === ofMajor && minor <= ofMinor;
}

const toList = (names: readonly string[]): string => (names.length === 0 ? '' : ` (${names.join(', ')})`);
