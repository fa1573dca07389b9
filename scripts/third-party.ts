// Called by build.ts: the licences of every package whose code is in a bundle, each text once, as these licences ask.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Licensed {
  readonly name: string;
  readonly license: string;
  readonly text: string;
}

/** The text of dist/THIRD-PARTY.txt, from the paths of all modules in all bundles. */
export function createThirdPartyText(moduleIds: Iterable<string>): string {
  const folders = new Set([...moduleIds].flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []));
  const byText = Map.groupBy([...folders].map(readLicense), ({ license, text }) => `${license}\n\n${text}`);
  const sections = [...byText].map(([text, packages]) => {
    const names = packages.map(({ name }) => name).sort();
    return `${[...new Set(names)].join('\n')}\n\n${text.trim()}\n`;
  });
  const head = 'The files of this folder contain code of these packages, under the licence that follows each list.\n';
  return [head, ...sections.sort()].join(`\n${'='.repeat(80)}\n\n`);
}

function readLicense(folder: string): Licensed {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice)(?:\.|-|$)/i.test(file));
  if (license === undefined && files.length === 0) throw new Error(`${name} names no licence`);
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  return { name: `${name} ${version}`, license: license ?? 'See below', text };
}
