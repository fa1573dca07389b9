// `tracing init`: a commented .tracingrc for the project it finds, and the one line that starts the program with the agent.
import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { findPlaces } from '../config/find-places.ts';
import { readEnv } from '../config/read-env.ts';
import { readWorkingDirectory } from '../standing.ts';
import { addPreload, loadsAgent } from './add-preload.ts';
import { type Command, EXIT, UsageError, parse } from './command.ts';
import { createPage, printJson } from './page.ts';
import { type ProjectFacts, readProject } from './read-project.ts';

const FILE = '.tracingrc';

export const init: Command = {
  help: `  npx tracing init

Writes .tracingrc beside the nearest package.json and prints the line that starts the program with the agent.
Nothing else is changed. Where there is a configuration already, nothing is written and the exit code is 1.

Options
  --json   for programs: {file, wrote, project: {folder, framework, moduleKind, packageManager}, next: [<line>]}
`,
  run(args) {
    const { values, positionals } = parse(args, { json: { type: 'boolean' } });
    if (positionals.length > 0)
      throw new UsageError('init takes no names; it writes into the project that it is run in');
    const cwd = readWorkingDirectory();
    const project = readProject(undefined, cwd, readEnv());
    const existing = findExisting(project);
    const file = existing ?? join(project.folder, FILE);
    if (existing === undefined) {
      try {
        // `wx`: not over one that somebody has written meanwhile.
        writeFileSync(file, createTracingrc(project), { flag: 'wx' });
      } catch (error) {
        console.error(`tracing: cannot write ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
        return EXIT.failed;
      }
    }
    const { folder, framework, moduleKind, packageManager } = project;
    const next = toNextSteps(project);
    if (values.json === true) {
      printJson({
        file,
        wrote: existing === undefined,
        project: { folder, framework: framework ?? null, moduleKind, packageManager },
        next: next.flatMap(({ lines }) => lines),
      });
    } else {
      const page = createPage();
      const name = relative(cwd, file) || file;
      if (existing === undefined) page.line(['green', '✓ '], `wrote ${name}`);
      else page.line(['yellow', '! '], `there is a configuration already: ${name}; nothing is written`);
      page.line(['dim', `  ${[framework, moduleKind, packageManager].filter(Boolean).join(' · ')}`]);
      for (const { what, lines } of next) {
        page.line();
        page.line(what);
        for (const line of lines) page.line('  ', ['bold', line]);
      }
    }
    return existing === undefined ? EXIT.done : EXIT.failed;
  },
};

function findExisting({ folder, hasConfig }: ProjectFacts): string | undefined {
  const { loadable, broken } = findPlaces(folder, hasConfig);
  const [place] = loadable;
  return place === undefined ? broken[0]?.path : join(folder, place);
}

interface Step {
  readonly what: string;
  readonly lines: readonly string[];
}

const INSTALL = { npm: 'npm install', pnpm: 'pnpm add', yarn: 'yarn add', bun: 'bun add' } as const;

function toNextSteps(project: ProjectFacts): readonly Step[] {
  const { packageManager: manager, dependencies, scripts, main } = project;
  const isInstalled =
    dependencies.has(packageJson.name) || existsSync(join(project.folder, 'node_modules', packageJson.name));
  const name = ['start', 'dev', 'serve'].find((name) => scripts[name] !== undefined);
  const script = name === undefined ? undefined : scripts[name];
  const start = name === undefined ? `node --import ${packageJson.name} ${main ?? 'app.js'}` : toRun(manager, name);
  const steps: Step[] = [];
  if (!isInstalled) steps.push({ what: 'Install the agent:', lines: [`${INSTALL[manager]} ${packageJson.name}`] });
  if (script === undefined) steps.push({ what: 'Start the program with it:', lines: [start] });
  else if (!loadsAgent(script))
    steps.push({
      what: 'Start the program with it, in package.json:',
      lines: [`"${name}": ${JSON.stringify(addPreload(script))}`],
    });
  else steps.push({ what: `The script ${name} starts the program with it already:`, lines: [start] });
  return [...steps, { what: 'No traces? Ask why:', lines: [`npx tracing doctor -- ${start}`] }];
}

function toRun(manager: ProjectFacts['packageManager'], script: string): string {
  return script === 'start' || manager === 'yarn' ? `${manager} ${script}` : `${manager} run ${script}`;
}

/** Every line of it is loaded by a test. */
export function createTracingrc({ name, framework }: Pick<ProjectFacts, 'name' | 'framework'>): string {
  const assets = framework === 'Next.js' ? ", 'GET /_next/static/*'" : '';
  return `# yaml-language-server: $schema=./node_modules/@tracing/agent/config/tracingrc.schema.json
# Every option with its value here: npx tracing config. What a URL looks like in a trace: npx tracing url <url>.

service:
  name: ${JSON.stringify(name ?? 'my-service')}
  # environment: production

url:
  redact:
    # Values of these query parameters are hidden too, beside token, password, api_key, session and many more.
    keys: []
  # Requests that are not worth a span, and none below them either.
  ignore: [/health, /ready${assets}]

# Which traces are kept: one in ten, and every one with an error or that takes longer than two seconds.
# sampling:
#   ratio: 0.1
#   keep: { errors: true, slowerThanMillis: 2000 }

# Where traces go. Without a destination they are printed in the terminal.
# Keys belong into the environment: OTEL_EXPORTER_OTLP_HEADERS, LOGFIRE_TOKEN.
# export:
#   otlp:
#     endpoint: http://localhost:4318
`;
}
