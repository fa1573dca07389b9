// Used by waterfall.tsx: the times above the bars, and the handle that makes room for names.
import { formatDuration, toTicks } from './format.ts';
import type { Part } from './trace-model.ts';

const LABEL_KEY = 'label-width';
/** Of the width, in percent. */
const [MIN_WIDTH, MAX_WIDTH] = [15, 75];
const STEP = 3;

export function readLabelWidth(): number {
  try {
    const width = Number(localStorage.getItem(LABEL_KEY));
    return width >= MIN_WIDTH && width <= MAX_WIDTH ? width : 42;
  } catch {
    return 42;
  }
}

function keepLabelWidth(width: number): void {
  try {
    localStorage.setItem(LABEL_KEY, String(width));
  } catch {
    // Then for this time only.
  }
}

const clamp = (width: number): number => Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, width));

export function Axis({
  part: [from, until],
  labelWidth,
}: {
  readonly part: Part;
  readonly labelWidth: { value: number };
}) {
  const drag = (event: PointerEvent): void => {
    const handle = event.currentTarget as HTMLElement;
    const frame = handle.closest('.waterfall')?.getBoundingClientRect();
    if (frame === undefined) return;
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }: PointerEvent): void => {
      labelWidth.value = clamp(((clientX - frame.left) / frame.width) * 100);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener(
      'pointerup',
      () => {
        handle.removeEventListener('pointermove', move);
        keepLabelWidth(labelWidth.value);
      },
      { once: true },
    );
  };
  const press = (event: KeyboardEvent): void => {
    const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (direction === 0) return;
    labelWidth.value = clamp(labelWidth.value + direction * STEP);
    keepLabelWidth(labelWidth.value);
    event.preventDefault();
    // The lines below have their own use for the arrows.
    event.stopPropagation();
  };
  return (
    <div class="axis">
      <div
        class="handle"
        role="separator"
        aria-orientation="vertical"
        aria-label="Room for names"
        aria-valuenow={Math.round(labelWidth.value)}
        aria-valuemin={MIN_WIDTH}
        aria-valuemax={MAX_WIDTH}
        tabIndex={0}
        onPointerDown={drag}
        onKeyDown={press}
      />
      <div class="ticks" aria-hidden="true">
        {toTicks(from, until, 6).map((tick) => (
          <span key={tick} style={{ left: `${((tick - from) / (until - from)) * 100}%` }}>
            {formatDuration(tick)}
          </span>
        ))}
      </div>
    </div>
  );
}
