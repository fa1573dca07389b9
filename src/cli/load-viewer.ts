// Called by the commands that need the viewer itself: its code is a bundle of its own, which the other commands do not read.
import { setFlagsFromString } from 'node:v8';
import type * as startViewerModule from '../viewer/start-viewer.ts';

/** The build makes it a file beside the CLI; run from source, it is the TypeScript file. */
export function loadViewer(): Promise<typeof startViewerModule> {
  // What comes in is garbage as soon as it is in the database; a nursery that grows with it costs 20 MB and saves next to nothing.
  setFlagsFromString('--semi-space-growth-factor=1');
  // The same of what grows old: next to nothing does, so there is little to look through the more often. 25 MB of 140, and no time that could be measured.
  setFlagsFromString('--heap-growing-percent=20');
  const path = import.meta.url.endsWith('.ts') ? '../viewer/start-viewer.ts' : './viewer.js';
  return import(new URL(path, import.meta.url).href) as Promise<typeof startViewerModule>;
}
