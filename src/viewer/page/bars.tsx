// Used by waterfall-line.tsx: when a span, or siblings that are alike, were at work, and when the trace waited for them.
import { formatDuration } from './format.ts';
import { type Part, type Span, toSelfParts } from './trace-model.ts';
import { showsCriticalPath } from './trace-state.ts';

/** Stretches that are nearer to each other than this share of the width are drawn as one: nobody could tell them apart. */
const MIN_GAP = 1 / 300;

function joinNear(parts: readonly Part[], minGap: number): readonly Part[] {
  const joined: Part[] = [];
  for (const [from, until] of parts.toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && from - last[1] < minGap) joined[joined.length - 1] = [last[0], Math.max(last[1], until)];
    else joined.push([from, until]);
  }
  return joined;
}

export function Bars({
  spans,
  part: [from, until],
  isFold,
}: {
  readonly spans: readonly Span[];
  readonly part: Part;
  readonly isFold: boolean;
}) {
  const size = until - from;
  const place = ([start, end]: Part) => {
    const left = Math.max(-0.5, ((start - from) / size) * 100);
    const right = Math.min(100.5, ((end - from) / size) * 100);
    return { left: `${left}%`, width: `max(2px, ${Math.max(0, right - left)}%)` };
  };
  const isInSight = ([start, end]: Part): boolean => end >= from && start <= until;
  const shown = spans.filter((span) => isInSight([span.start, span.end]));
  const [first] = shown;
  if (first === undefined) {
    const [any] = spans;
    return <span class="outside">{any !== undefined && any.end < from ? '◂' : '▸'}</span>;
  }
  const end = shown.reduce((latest, span) => Math.max(latest, span.end), 0);
  const total = isFold ? spans.reduce((sum, span) => sum + span.end - span.start, 0) : first.end - first.start;
  const right = ((end - from) / size) * 100;
  const selfParts = isFold ? [] : joinNear(toSelfParts(first).filter(isInSight), size * MIN_GAP);
  const criticalParts = showsCriticalPath.value
    ? joinNear(shown.flatMap(({ criticalParts: parts }) => parts).filter(isInSight), size * MIN_GAP)
    : [];
  return (
    <>
      {shown.slice(0, 200).map((span) => (
        <span key={span.detail.id} class={isFold ? 'bar self' : 'bar'} style={place([span.start, span.end])} />
      ))}
      {selfParts.map((part) => (
        <span key={part[0]} class="bar self" style={place(part)} />
      ))}
      {criticalParts.map((part) => (
        <span key={part[0]} class="critical" style={place(part)} />
      ))}
      <span class="num" style={{ left: `calc(${Math.min(100, right)}% + 6px)` }}>
        {isFold ? 'Σ ' : ''}
        {formatDuration(total)}
      </span>
    </>
  );
}
