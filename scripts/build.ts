// `npm run build`: src/ -> dist/: the preload and its agent as CommonJS files, the two public modules, and their types.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, type Plugin, type RolldownOutput, build as bundle } from 'rolldown';
import { buildPage } from './build-page.ts';
import { createThirdPartyText } from './third-party.ts';
import { libraries } from '../src/instrumentations/libraries/table.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const librariesFolder = join(root, 'src/instrumentations/libraries');

/** What no bundle needs of the modules that it holds; every byte of the agent is read and parsed at every start of a program. */
const withoutDeadWeight: Plugin = {
  name: 'without-dead-weight',
  load: {
    filter: { id: [/\/machine-id\/getMachineId\.mjs$/, /\/package\.json$/] },
    handler(id) {
      // A detector that we do not use. It loads parts of itself late, and for their sake every module of the API would be wrapped.
      if (id.endsWith('.mjs')) return 'export const getMachineId = async () => undefined;';
      if (id !== join(root, 'package.json')) return undefined;
      const { name, version } = JSON.parse(readFileSync(id, 'utf8')) as Readonly<Record<string, string>>;
      return JSON.stringify({ name, version });
    },
  },
  transform: {
    filter: { id: [/\/src\/config\/options\.ts$/, /\/src\/config\/instrumentation-options\.ts$/] },
    handler(code, id) {
      // They are for the JSON schema, which is made from the sources.
      const brief = code.replaceAll(/^ +doc: (?:'.*'|".*"|`.*`),$/gm, '');
      if (brief.includes(' doc: ')) throw new Error(`${id} has a doc of another form`);
      return brief;
    },
  },
};

/** One bundle. In ASCII: V8 reads, parses and keeps a text of one byte a character in half the time and room of one with a single `…` in it. */
const build = (options: BuildOptions): Promise<RolldownOutput> =>
  bundle({
    ...options,
    plugins: [withoutDeadWeight, options.plugins],
    output: { charset: 'ascii', ...options.output },
  });

const shared: BuildOptions = { cwd: root, platform: 'node', logLevel: 'warn', treeshake: { moduleSideEffects: false } };

/** What cosmiconfig imports and our own loaders and search places never reach: 63 kB less to read. */
const withoutUnreachable: Plugin = {
  name: 'without-unreachable',
  resolveId: (id) => (id === 'js-yaml' || id === 'env-paths' ? `\0${id}` : undefined),
  load: (id) => (id.startsWith('\0') && !id.includes('rolldown') ? 'export {}' : undefined),
};

/**
 * The base class of instrumentations patches `require` as soon as one is made, for modules it may have to instrument. Runtime metrics
 * instrument no module: they get a base that has nothing but what they inherit.
 */
const withoutModulePatch: Plugin = {
  name: 'without-module-patch',
  resolveId: (id) => (id === '@opentelemetry/instrumentation' ? '\0instrumentation' : undefined),
  load: (id) => {
    const base = join(root, 'node_modules/@opentelemetry/instrumentation/dist/instrumentation.mjs');
    return id === '\0instrumentation'
      ? `import { InstrumentationAbstract } from ${JSON.stringify(base)};
         export class InstrumentationBase extends InstrumentationAbstract { enable() {} disable() {} }`
      : undefined;
  },
};

/** Without the import, which nobody calls (load-tracing.ts reads the file), the two would share a third. */
const agentAndTracing: Plugin = {
  name: 'agent-and-tracing',
  resolveId: (id) => (id === 'agent-and-tracing' ? `\0${id}` : undefined),
  load: (id) => {
    const [agent, tracing] = ['src/agent.ts', 'src/tracing.ts'].map((file) => JSON.stringify(join(root, file)));
    return id === '\0agent-and-tracing'
      ? `export * from ${agent}; export const loadTracing = () => import(${tracing});`
      : undefined;
  },
};

/** A bundle for each instrumentation, so that one is read only when its library is used; what they share is a few files beside them. */
const libraryBundles: Plugin = {
  name: 'library-bundles',
  resolveId: (id) => {
    if (id.startsWith('library:')) return `\0${id}`;
    // Hooks are hooks/module-hooks.ts's work; here they are only written down.
    return /^(?:require|import)-in-the-middle$/.test(id) ? join(librariesFolder, 'recorded-hooks.ts') : undefined;
  },
  load: (id) => {
    const row = libraries.find(({ name }) => id === `\0library:${name}`);
    if (row?.package === undefined) return undefined;
    const start = JSON.stringify(join(librariesFolder, 'start-instrumentation.ts'));
    const supported = JSON.stringify(join(librariesFolder, 'is-supported.ts'));
    const head = `import { ${row.exported} } from ${JSON.stringify(row.package)};
import { startInstrumentation } from ${start};
export { isSupported } from ${supported};
`;
    if (row.name !== 'winston')
      return `${head}export const start = (options, host) => startInstrumentation(${row.exported}, options, host);`;
    return `${head}import { sendLogs } from ${JSON.stringify(join(librariesFolder, 'winston-logs.ts'))};
export const start = (options, host) =>
  [...startInstrumentation(${row.exported}, { ...options, disableLogSending: true }, host), ...sendLogs(options)];`;
  },
  // What OpenTelemetry's shimmer cannot wrap, it says on the application's stderr; here it is said with our voice, to those who want to hear it.
  transform: (code, id) => {
    if (!/\/@opentelemetry\/instrumentation\/.*shimmer\.m?js$/.test(id)) return undefined;
    const quiet = code.replace('console.error.bind(console)', "(...parts) => diag.debug(parts.join(' '))");
    if (quiet === code) throw new Error(`${id} has another logger than expected`);
    return `import { diag } from '@opentelemetry/api';\n${quiet}`;
  },
};

rmSync(join(root, 'dist'), { recursive: true, force: true });
const outputs = await Promise.all([
  // Two files: the guard must parse on Node 10 and read nothing more where it stands aside.
  build({
    ...shared,
    input: 'src/preload.ts',
    external: ['./agent.cjs'],
    transform: { target: 'es2015' },
    output: { file: 'dist/preload.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // What a start needs, and beside it what the first thing that can be traced needs besides, which shares the modules of the first.
  build({
    ...shared,
    input: { agent: 'agent-and-tracing' },
    preserveEntrySignatures: 'allow-extension',
    // Names of attributes stand in the code then: an object whose keys are computed is made by a call into V8, one after the other.
    optimization: { inlineConst: { mode: 'all' } },
    plugins: [agentAndTracing],
    output: {
      dir: 'dist',
      format: 'cjs',
      minify: true,
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
    },
  }),
  // Read only where there is a config file: finding, parsing and checking it need two libraries.
  build({
    ...shared,
    input: 'src/config/load-file.ts',
    plugins: [withoutUnreachable],
    output: { file: 'dist/load-file.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where OTEL_CONFIG_FILE is set: OpenTelemetry's schema alone is half a megabyte.
  build({
    ...shared,
    input: 'src/config/declarative/load-declared.ts',
    output: { file: 'dist/load-declared.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where a rule is a regular expression.
  build({
    ...shared,
    input: 're2js',
    output: { file: 'dist/re2js.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where `propagation.propagators` names more than the default ones.
  build({
    ...shared,
    input: 'src/pipeline/other-propagators.ts',
    output: { file: 'dist/other-propagators.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where the terminal shows something.
  build({
    ...shared,
    input: 'src/exporters/console/terminal.ts',
    output: { file: 'dist/terminal.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where spans leave as JSON, or a receiver answers with words.
  build({
    ...shared,
    input: 'src/exporters/otlp/official-traces.ts',
    output: { file: 'dist/otlp-official.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where a spool is named.
  build({
    ...shared,
    input: 'src/pipeline/spool/start-spool.ts',
    output: { file: 'dist/spool.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where OTLP goes by gRPC.
  build({
    ...shared,
    input: 'src/exporters/otlp/grpc-transport.ts',
    output: { file: 'dist/grpc.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where metrics are on, and Node's own only where they are asked for.
  build({
    ...shared,
    input: 'src/pipeline/metrics/start-metrics.ts',
    output: { file: 'dist/metrics.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only where logs are on.
  build({
    ...shared,
    input: 'src/pipeline/logs/start-logs.ts',
    output: { file: 'dist/logs.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  build({
    ...shared,
    input: 'src/pipeline/metrics/runtime-metrics.ts',
    plugins: [withoutModulePatch],
    output: { file: 'dist/runtime-metrics.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Apart from the others: a program that only wants its routes named reads nothing of what instrumentations share.
  build({
    ...shared,
    input: join(librariesFolder, 'routes/routes.ts'),
    output: { file: 'dist/libraries/routes.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  build({
    ...shared,
    input: {
      'is-supported': join(librariesFolder, 'is-supported.ts'),
      ...Object.fromEntries(
        libraries.filter((row) => row.package !== undefined).map(({ name }) => [name, `library:${name}`]),
      ),
    },
    plugins: [libraryBundles],
    output: {
      dir: 'dist/libraries',
      format: 'cjs',
      minify: true,
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
    },
  }),
  // A file for each command beside it, read when it is asked for.
  build({
    ...shared,
    input: { cli: 'src/cli/main.ts' },
    output: { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'cli-[name].js' },
  }),
  // What `tracing doctor` loads into the program that it runs, on whatever Node that has.
  build({
    ...shared,
    input: 'src/cli/doctor/probe.ts',
    transform: { target: 'es2022' },
    output: { file: 'dist/probe.cjs', format: 'cjs', minify: true, codeSplitting: false },
  }),
  // Read only by the commands that start it; its page is beside it.
  build({
    ...shared,
    input: 'src/viewer/start-viewer.ts',
    output: { file: 'dist/viewer.js', format: 'esm', minify: true, codeSplitting: false },
  }),
  build({ ...shared, input: 'src/index.ts', output: { file: 'dist/config.js', format: 'esm', codeSplitting: false } }),
  build({
    ...shared,
    input: 'src/redaction/create-redactor.ts',
    output: { file: 'dist/redaction.js', format: 'esm', minify: true, codeSplitting: false },
  }),
]);
const moduleIds = outputs.flatMap(({ output }) =>
  output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])),
);
moduleIds.push(...(await buildPage(root, join(root, 'dist/viewer.html'))));
writeFileSync(join(root, 'dist/THIRD-PARTY.txt'), createThirdPartyText(moduleIds));
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.types.json'], {
  cwd: root,
  stdio: 'inherit',
});
