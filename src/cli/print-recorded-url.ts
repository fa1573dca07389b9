// Called by url.ts: the redacted URL with a caret under every hidden piece, and below it the span and the rules.
import type { HiddenPiece } from './hidden-pieces.ts';
import type { Page } from './page.ts';
import type { FittingRule, RecordedUrl } from './record-url.ts';

const INDENT = '  ';
/** What would move the carets away from what they point at. */
const NOT_ONE_COLUMN = /[^\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff]/g;

/** Prints what would be recorded of a request. */
export function printRecordedUrl(page: Page, recorded: RecordedUrl): void {
  const { url, hidden, ignored, ignoredBy, span, rules, direction, method, hidesAll } = recorded;
  const what =
    direction === 'client' ? 'url.full of a request that is sent' : 'the target of a request that is received';
  page.line(['dim', `${what}, ${method}`]);
  page.line();
  printWithCarets(page, url, hidden);
  if (hidden.length === 0) page.line(INDENT, ['green', 'nothing in it is hidden']);
  page.line();
  if (ignored) {
    page.text(`ignored by ${ignoredBy === null ? 'a rule' : toPlace(ignoredBy)}: no span, and none below it`, {
      indent: 2,
      mark: INDENT,
      style: 'yellow',
    });
  }
  if (span !== null) {
    page.table(
      [
        [
          ['dim', 'span'],
          ['bold', span.name],
        ],
        ...Object.entries(span.attributes)
          .filter(([, value]) => value !== url)
          .map(([name, value]) => [['dim', name], String(value)] as const),
      ],
      { indent: 2 },
    );
  }
  if (rules.length > 0) {
    page.line();
    page.table(
      rules.map((rule) => [['dim', 'rule'], toPlace(rule), rule.actions.join(' · ') || 'no action']),
      { indent: 2 },
    );
  } else if (!ignored) page.line(INDENT, ['dim', 'no rule of url.ignore or url.rules fits it']);
  if (hidesAll) {
    page.line();
    page.text('the url section has a mistake (npx tracing config), so everything that may be a secret is hidden', {
      indent: 4,
      mark: ['yellow', '  ! '],
    });
  }
}

const toPlace = ({ name, source }: FittingRule): string => (source === 'default' ? name : `${name} (${source})`);

/**
 * Prints a text in pieces of the page's width, carets under its markers and the reasons under the carets, the last one first, so that no line
 * crosses another.
 */
function printWithCarets(page: Page, text: string, hidden: readonly HiddenPiece[]): void {
  let width = 0;
  for (let from = 0; from === 0 || from < text.length; from += width) {
    width = findBreak(text, from, hidden);
    const line = text.slice(from, from + width);
    page.line(INDENT, line.replaceAll(NOT_ONE_COLUMN, '?'));
    const here = hidden
      .filter(({ start, end }) => start < from + width && (end > from || (start === end && start >= from)))
      .map(({ start, end, rule, means }) => ({
        at: Math.max(0, start - from),
        to: Math.min(width, end - from),
        // A piece that goes on from the line before has been explained there.
        isFirst: start >= from,
        rule,
        means,
      }));
    if (here.length === 0) continue;
    let carets = '';
    for (const { at, to } of here) carets = carets.padEnd(at) + '^'.repeat(Math.max(1, to - at));
    page.line(INDENT, ['red', carets]);
    const open = here.filter(({ isFirst }) => isFirst);
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      open.pop();
      let stems = '';
      for (const { at } of open) stems = `${stems.padEnd(at)}│`;
      const room = page.columns - INDENT.length - last.rule.length - 2 - last.means.length;
      const at = Math.max(stems === '' ? 0 : stems.length + 1, Math.min(last.at, room));
      page.line(INDENT, ['dim', stems.padEnd(at)], ['red', last.rule], ['dim', `  ${last.means}`]);
    }
  }
}

/** Leaves room at the right for the reasons. */
const MOST_IN_A_LINE = 64;

/** How much of the text stands in the line that begins at `from`: up to a place where a URL is best broken, and never into a marker. */
function findBreak(text: string, from: number, hidden: readonly HiddenPiece[]): number {
  if (text.length - from <= MOST_IN_A_LINE) return text.length - from;
  const most = from + MOST_IN_A_LINE;
  const split = hidden.find(({ start, end }) => start < most && end > most && start > from);
  const end = split?.start ?? most;
  const mark = Math.max(...['&', '?', '/', ';'].map((separator) => text.lastIndexOf(separator, end - 1)));
  return (mark > from + MOST_IN_A_LINE / 2 ? mark : end) - from;
}
