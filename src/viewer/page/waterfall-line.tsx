// Used by waterfall.tsx: one line, with the tree on its left and its time on the right.
import { Bars } from './bars.tsx';
import { toServiceClass } from './colors.ts';
import { formatDuration } from './format.ts';
import type { Part } from './trace-model.ts';
import type { Row } from './trace-rows.ts';
import { select, toggle } from './trace-state.ts';

const INDENT = 14;
/** Deeper spans stand below each other. */
const MAX_INDENT = 20;

/** What a line draws to the left of its name: for each level whether a line goes through it, and whether that leads to an error. */
export interface Rails {
  /** The last line that hangs from this one, and the last of those on the way to an error. */
  readonly last: Int32Array;
  readonly lastError: Int32Array;
}

export function toRails(lines: readonly Row[]): Rails {
  const last = new Int32Array(lines.length).fill(-1);
  const lastError = new Int32Array(lines.length).fill(-1);
  for (const [index, { parentAt, span, members }] of lines.entries()) {
    if (parentAt < 0) continue;
    last[parentAt] = index;
    if (members === undefined && span.hasError) lastError[parentAt] = index;
  }
  return { last, lastError };
}

interface LineProps {
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly index: number;
  readonly top: number;
  readonly part: Part;
  readonly rails: Rails;
  readonly isSelected: boolean;
  readonly isFound: boolean;
}

export function Line({ row, rows: lines, index, top, part, rails, isSelected, isFound }: LineProps) {
  const { span, members, isParent, isOpen, depth } = row;
  const { detail, service } = span;
  const isFailed = members === undefined && detail.status === 2;
  const isElsewhere = span.parent === undefined || span.parent.service !== service;
  const hasTarget = span.target !== '' && members === undefined;
  const level = Math.min(depth, MAX_INDENT);
  const label =
    members === undefined ? detail.name || '(no name)' : `${members.length} × ${detail.name || '(no name)'}`;
  const classes = [
    'line',
    toServiceClass(service),
    isFailed && 'failed',
    isSelected && 'selected',
    isFound && 'found',
    members !== undefined && 'fold',
  ];
  return (
    <div
      id={`span-${index}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={isParent ? isOpen : undefined}
      aria-selected={isSelected}
      aria-label={`${label}${span.target === '' ? '' : ` ${span.target}`}, ${service}, ${formatDuration(toTotal(row))}${isFailed ? ', failed' : ''}`}
      class={classes.filter(Boolean).join(' ')}
      style={{ top: `${top}px` }}
      onClick={() => (members === undefined ? select(span) : toggle(row))}
    >
      <div class="label">
        <Guides row={row} rows={lines} index={index} rails={rails} />
        <span
          class="twist"
          style={{ marginLeft: `${level * INDENT}px` }}
          onClick={(event) => {
            if (!isParent) return;
            event.stopPropagation();
            toggle(row);
          }}
        >
          {isParent ? (isOpen ? '▾' : '▸') : ''}
        </span>
        <i />
        <span class={hasTarget ? 'name short' : 'name'}>{label}</span>
        {hasTarget && <span class="target">{span.target}</span>}
        {detail.httpStatus !== 0 && members === undefined && <span class="code">{detail.httpStatus}</span>}
        {isFailed && <span class="bad">✕</span>}
        {isElsewhere && <span class="who">{service}</span>}
        {isParent && !isOpen && members === undefined && <span class="more">+{span.below}</span>}
      </div>
      <div class="time">
        <Bars spans={members ?? [span]} part={part} isFold={members !== undefined} />
      </div>
    </div>
  );
}

const toTotal = ({ span, members = [span] }: Row): number =>
  members.reduce((sum, { start, end }) => sum + end - start, 0);

/** The lines of the tree, red where they lead to an error. */
function Guides({ row, rows: lines, index, rails }: Pick<LineProps, 'row' | 'rows' | 'index' | 'rails'>) {
  const guides = [];
  for (let above = row.parentAt, isOwn = true; above >= 0; above = lines[above]?.parentAt ?? -1, isOwn = false) {
    const depth = lines[above]?.depth ?? 0;
    if (depth >= MAX_INDENT) continue;
    const isThrough = index < (rails.last[above] ?? -1);
    const isOn = index === (rails.last[above] ?? -1) && isOwn;
    if (!isThrough && !isOn && !isOwn) continue;
    const errorUntil = rails.lastError[above] ?? -1;
    const leads = isOwn && row.members === undefined && row.span.hasError;
    const classes = [
      'guide',
      isOwn ? 'own' : '',
      isThrough ? '' : 'end',
      index < errorUntil || leads ? 'red' : '',
      leads ? 'leads' : '',
      isThrough && leads && index >= errorUntil ? 'stops' : '',
    ];
    guides.push(
      <span key={depth} class={classes.filter(Boolean).join(' ')} style={{ left: `${depth * INDENT + 13}px` }} />,
    );
  }
  return <>{guides}</>;
}
