// Causes that lie in the configuration: not found, not understood, or saying that nothing is to be traced.
import { relative } from 'node:path';
import { type Cause, type Found, when } from '../cause.ts';
import type { Facts } from '../facts.ts';

const UNUSED_FILE = /the file is not used$/;
const UNKNOWN_KEY = /is not an option/;
const UNKNOWN_VARIABLE = /is not a variable of this agent/;
const LATER = /is not supported in this version yet/;
const HIDES_URLS = /^until the configuration of url is mended/;

export const configurationCauses: readonly Cause[] = [
  {
    id: 'config-name',
    level: 'fail',
    title: 'A file that looks like the configuration has a name under which nothing is read.',
    mend: 'rename it: .tracingrc, .tracingrc.json, .tracingrc.yaml or tracing.config.js',
    find: ({ look }) => findStray(look, 'name'),
  },
  {
    id: 'config-folder',
    level: 'fail',
    title: 'The configuration lies in a folder that is not searched.',
    mend: 'move it beside the nearest package.json of the program, or name it in TRACING_CONFIG',
    find: ({ look }) => findStray(look, 'folder'),
  },
  {
    id: 'config-broken',
    level: 'fail',
    title: 'The config file cannot be read, and nothing of it is used.',
    mend: 'mend the file at that line',
    find: (facts) => issues(facts, (message) => UNUSED_FILE.test(message)),
  },
  {
    id: 'config-key',
    level: 'fail',
    title: 'The config file has a key that is not an option.',
    mend: 'npx tracing config lists all of them',
    find: (facts) => issues(facts, (message) => UNKNOWN_KEY.test(message)),
  },
  {
    id: 'config-variable',
    level: 'warn',
    title: 'A variable begins like one of the agent, but is none.',
    mend: 'npx tracing config <option> names the variables of an option',
    find: (facts) => issues(facts, (message) => UNKNOWN_VARIABLE.test(message)),
  },
  {
    id: 'config-value',
    level: 'fail',
    title: 'An option has a value that it cannot have.',
    mend: 'give it a value of the kind that is expected; npx tracing config <option> says what it means',
    find: (facts) =>
      issues(
        facts,
        (message) =>
          ![UNUSED_FILE, UNKNOWN_KEY, UNKNOWN_VARIABLE, LATER, HIDES_URLS].some((other) => other.test(message)),
      ),
  },
  {
    id: 'config-later',
    level: 'warn',
    title: 'An option or a variable is not supported in this version.',
    mend: 'take it out, or update the agent',
    find: (facts) => issues(facts, (message) => LATER.test(message)),
  },
  {
    id: 'config-url-broken',
    level: 'warn',
    title: 'The url section has a mistake, so everything in a URL that may be a secret is hidden.',
    mend: 'mend what is said of url',
    find: (facts) => issues(facts, (message) => HIDES_URLS.test(message)),
  },
  {
    id: 'sampled-to-zero',
    level: 'fail',
    title: 'The sampling keeps no trace at all.',
    mend: 'set sampling.ratio to more than 0, or unset the variable',
    find: ({ look: { config } }) => [
      ...when(config.ratio.value === 0, `sampling.ratio is 0 (${config.ratio.source}): no trace is kept`),
      ...when(config.perSecond.value === 0, `sampling.perSecond is 0 (${config.perSecond.source}): no trace is kept`),
    ],
  },
  {
    id: 'everything-ignored',
    level: 'fail',
    title: 'A rule ignores every request.',
    mend: 'make the rule narrower; npx tracing url <url> says which rule ignores a URL',
    find: ({ look: { config }, main }) => {
      if (config.ignoresAll !== undefined) return [`${config.ignoresAll} ignores every request`];
      const { ignored = 0, made = 0, unsampled = 0 } = main?.spans ?? {};
      return when(
        ignored > 0 && made + unsampled === 0,
        `${ignored} of ${ignored} requests were ignored by url.ignore or url.rules`,
      );
    },
  },
  {
    id: 'not-sampled',
    level: 'warn',
    title: 'All requests belong to traces that are not kept.',
    mend: 'raise sampling.ratio; where callers decide, sampling.followParent: false decides here',
    find: ({ look: { config }, main }) => {
      const { made = 0, sampled = 0, unsampled = 0 } = main?.spans ?? {};
      return when(
        config.ratio.value > 0 && config.perSecond.value !== 0 && sampled === 0 && made + unsampled > 0,
        `none of ${made + unsampled} requests is kept (sampling.ratio ${config.ratio.value}, ${config.ratio.source})`,
      );
    },
  },
  {
    id: 'no-requests',
    level: 'note',
    title: 'The program neither received nor made a request while doctor looked.',
    mend: 'send it one meanwhile: npx tracing doctor --seconds 30 -- <command>',
    find: ({ main, command }) => {
      if (main?.agent.state !== 'running' || command === undefined) return [];
      const { made, ignored, unsampled } = main.spans;
      return when(
        made + ignored + unsampled === 0,
        `no request was received or made in ${(command.millis / 1000).toFixed(1)} s`,
      );
    },
  },
];

function findStray({ strayConfigs, project }: Facts['look'], problem: 'name' | 'folder'): readonly Found[] {
  const toShort = (path: string): string => relative(project.folder, path) || path;
  return strayConfigs
    .filter((stray) => stray.problem === problem)
    .map(({ path, meant }) => ({
      says: `${toShort(path)} is not read`,
      mend: `mv ${toShort(path)} ${toShort(meant)} (in ${project.folder})`,
    }));
}

/** Messages of the configuration; what they propose is what mends. */
function issues({ look }: Facts, isMeant: (message: string) => boolean): readonly Found[] {
  return look.config.issues
    .filter(({ level, message }) => level === 'warn' && isMeant(message))
    .map(({ message }): Found => {
      const [hint, meant] = / \(did you mean ([^?]+)\?\)/.exec(message) ?? [];
      return hint === undefined || meant === undefined
        ? message
        : { says: message.replace(hint, ''), mend: `write ${meant}` };
    });
}
