// The spans of a trace, a line each: the tree on the left, time on the right. Only lines in sight are in the page, so thousands are no more than ten.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Axis, readLabelWidth } from './time-axis.tsx';
import type { Row } from './trace-rows.ts';
import { findText, found, inSight, rows, select, selectedAt, toggle, zoomBy } from './trace-state.ts';
import { Virtual } from './virtual.tsx';
import { Line, toRails } from './waterfall-line.tsx';

const ROW = 28;
const HEAD = 26;

export function Waterfall() {
  const box = useRef<HTMLDivElement>(null);
  const lines = rows.value;
  const at = selectedAt.value;
  const rails = toRails(lines);
  const part = inSight.value;
  const isFinding = findText.value.trim() !== '';
  const labelWidth = useSignal(readLabelWidth());

  const press = (event: KeyboardEvent): void => {
    const row = lines[at];
    if (row === undefined) return;
    const move = (to: number): void => {
      const next = lines[Math.max(0, Math.min(lines.length - 1, to))];
      if (next !== undefined) choose(next);
    };
    if (event.key === 'ArrowDown' || event.key === 'j') move(at + 1);
    else if (event.key === 'ArrowUp' || event.key === 'k') move(at - 1);
    else if (event.key === 'PageDown') move(at + 15);
    else if (event.key === 'PageUp') move(at - 15);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(lines.length - 1);
    else if (event.key === 'ArrowRight') {
      if (row.isParent && !row.isOpen) toggle(row);
      else move(at + 1);
    } else if (event.key === 'ArrowLeft') {
      if (row.isParent && row.isOpen) toggle(row);
      else if (row.parentAt >= 0) move(row.parentAt);
    } else if (event.key === 'Enter' && row.isParent) toggle(row);
    else return;
    event.preventDefault();
  };

  return (
    <Virtual
      box={box}
      class={isFinding ? 'waterfall finding' : 'waterfall'}
      style={{ '--label': `${labelWidth.value}%` }}
      role="tree"
      aria-label="Spans"
      tabIndex={0}
      aria-activedescendant={at < 0 ? undefined : `span-${at}`}
      count={lines.length}
      rowHeight={ROW}
      target={at}
      headHeight={HEAD}
      onKeyDown={press}
      onWheel={(event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoomBy(event.deltaY > 0 ? 1.25 : 0.8);
      }}
      head={<Axis part={part} labelWidth={labelWidth} />}
      row={(index, top) => {
        const row = lines[index];
        return row === undefined ? null : (
          <Line
            key={row.key}
            row={row}
            index={index}
            top={top}
            part={part}
            rails={rails}
            rows={lines}
            isSelected={index === at}
            isFound={isFinding && isIn(row)}
          />
        );
      }}
    />
  );
}

const isIn = ({ span, members }: Row): boolean =>
  members === undefined ? found.value.has(span) : members.some((member) => found.value.has(member));

/** A fold is selected by its first member, which then is shown. */
function choose(row: Row): void {
  if (row.members !== undefined && !row.isOpen) toggle(row);
  select(row.span);
}
