// Called once by main.tsx: the keys that work everywhere. Lists and trees have their own, in their files.
import { toggleHelp, isHelpOpen } from './help-state.ts';
import { type Page, go, place } from './place.ts';
import { isSaved, showNew } from './state.ts';
import { nextTheme } from './theme.ts';

const PAGES: Readonly<Record<string, Page>> = { '1': 'traces', '2': 'routes', '3': 'services' };

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') return escape(event);
    if (event.target instanceof HTMLElement && event.target.matches('input, textarea, select')) return;
    const done = press(event.key);
    if (done) event.preventDefault();
  });
}

function press(key: string): boolean {
  const page = PAGES[key];
  if (page !== undefined && !isSaved) go({ page });
  else if (key === '?') toggleHelp();
  else if (key === 't') nextTheme();
  else if (key === '/') return focus('.query input');
  else if (key === 'f') return focus('.find input');
  else if (key === 'n') showNew();
  else return click(`[data-key="${CSS.escape(key)}"]`);
  return true;
}

/** Closes what is open, from the inside out. */
function escape(event: KeyboardEvent): void {
  if (isHelpOpen.value) toggleHelp();
  else if (document.querySelector('details[open].menu') !== null)
    document.querySelector('details[open].menu')?.removeAttribute('open');
  else if (event.target instanceof HTMLInputElement)
    focus(event.target.closest('.find') === null ? '.list' : '.waterfall');
  else if (!isSaved && place.value.trace !== undefined) {
    go({ trace: undefined, span: undefined });
    // When the list has its full width again.
    requestAnimationFrame(() => focus('.list'));
  } else if (place.value.from !== undefined) go({ from: undefined, until: undefined });
}

function focus(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  if (element instanceof HTMLInputElement) element.select();
  return element !== null;
}

function click(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.click();
  return element !== null;
}
