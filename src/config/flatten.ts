// Called by read-config.ts: turns the nested object of a config file into values by dotted name, and names every key that is none.
import { describeValue, isPlainObject, printable } from './describe.ts';
import { LATER_KEYS } from './later.ts';
import { findNearest } from './nearest.ts';
import { options } from './options.ts';

/** A value of a file, with the keys that lead to it. */
interface Given {
  readonly value: unknown;
  readonly path: readonly string[];
}

/** A key of a file that cannot be used. `meant` is the option it stands for, or the nearest one. */
interface WrongKey {
  readonly path: readonly string[];
  readonly key: string;
  readonly meant: string;
  readonly text: string;
}

/** What a file gives, by the dotted name of the option. */
export interface Flat {
  readonly given: ReadonlyMap<string, Given>;
  readonly wrong: readonly WrongKey[];
}

/** Flattens `root`. Dotted keys (`url.redact.keys: …`) mean the same as nested ones; null means unset. */
export function flatten(root: Readonly<Record<string, unknown>>): Flat {
  const names = Object.keys(options);
  const sections = toSections(names);
  const given = new Map<string, Given>();
  const wrong: WrongKey[] = [];

  const report = (path: readonly string[], meant: string, text: string) => {
    wrong.push({ path, key: path.join('.'), meant, text });
  };

  const walk = (section: Readonly<Record<string, unknown>>, parent: readonly string[]) => {
    for (const name of Object.keys(section)) {
      const path = [...parent, name];
      const key = path.join('.');
      if (key === '$schema') continue;
      if (Object.hasOwn(options, key)) {
        const value = read(section, name);
        if (value === unreadable) report(path, key, `${key} cannot be read: its getter throws`);
        else if (value !== null && value !== undefined) {
          if (given.has(key)) report(path, key, `${key} is given twice; the last one counts`);
          given.set(key, { value, path });
        }
      } else if (sections.has(key)) {
        const value = read(section, name);
        if (isPlainObject(value)) walk(value, path);
        else if (value !== null && value !== undefined) {
          report(path, key, `${key}: expected an object, got ${describeValue(value, true)}`);
        }
      } else if (isLater(key)) {
        report(path, key, `${printable(key)} is not supported in this version yet`);
      } else {
        const meant = findNearest(key, [...names, ...sections], '.');
        const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
        report(path, meant ?? key, `${printable(key)} is not an option${hint}`);
      }
    }
  };
  walk(root, []);
  return { given, wrong };
}

const unreadable = Symbol('unreadable');

// Objects of a JS config may have getters.
function read(section: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return section[name];
  } catch {
    return unreadable;
  }
}

function isLater(key: string): boolean {
  return LATER_KEYS.some((later) => key === later || key.startsWith(`${later}.`));
}

function toSections(names: readonly string[]): ReadonlySet<string> {
  const sections = new Set<string>();
  for (const name of names) {
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1))
      sections.add(name.slice(0, dot));
  }
  return sections;
}
