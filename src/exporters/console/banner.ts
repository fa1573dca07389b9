// The three lines at the start: what is tracing whom, what it watches, and where the traces go.
import { toVisible } from './display-text.ts';
import { createPaint } from './palette.ts';

/** What the banner says. */
export interface BannerFacts {
  /** Ours and Node's as `1.2.3`, with or without `v`; shown without the patch level. */
  version: string;
  nodeVersion: string;
  serviceName: string;
  pid: number;
  /** From the start of the preload to its end. */
  readyMillis: number;
  /** What is traced, in the order shown: `http`, `fetch`. */
  watching: readonly string[];
  /** Where traces go: `this terminal`, an address without its credentials. */
  destinations: readonly string[];
  /** What to do next, a sentence without its full stop. */
  hint?: string;
  color: boolean;
}

/** Returns the banner, each of its lines with a line end. */
export function renderBanner(facts: BannerFacts): string {
  const paint = createPaint(facts.color);
  const list = (items: readonly string[], none: string): string => toVisible(items.join(', ')) || none;
  const ready = `ready in ${Math.round(facts.readyMillis)} ms`;
  const who = `${toVisible(facts.serviceName)} (pid ${facts.pid})`;
  const hint = facts.hint === undefined ? '' : `. ${toVisible(facts.hint)}`;
  return [
    `${paint('bold', `tracing ${toMinor(facts.version)}`)}  ${who}  node ${toMinor(facts.nodeVersion)}  ${ready}`,
    `  watching ${list(facts.watching, 'nothing')}`,
    `  traces → ${list(facts.destinations, 'nowhere')}${paint('dim', hint)}`,
    '',
  ].join('\n');
}

function toMinor(version: string): string {
  return toVisible(version)
    .replace(/^v/, '')
    .replace(/^(\d+\.\d+)\.\d+.*$/, '$1');
}
