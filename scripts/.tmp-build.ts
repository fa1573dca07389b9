// `npm run build`: src/ -> dist/: the preload and its agent as two CommonJS files, the two public modules, and their types.
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


await bundle({ ...shared, plugins:[withoutDeadWeight], input: 'src/agent.ts', output: { file: process.argv[2] + '/agent.cjs', charset:'ascii', format: 'cjs', minify: false, codeSplitting: false } });
await bundle({ ...shared, plugins:[withoutDeadWeight], input: 'src/preload.ts', external: ['./agent.cjs'], transform: { target: 'es2015' }, output: { file: process.argv[2] + '/preload.cjs', format: 'cjs', minify: false, codeSplitting: false } });
