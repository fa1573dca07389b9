// Used by waterfall.tsx: the times above the bars, and the handle that makes room for names.
import { formatDuration, toTicks } from './format.ts';
import type { Part } from './trace-model.ts';

const LABEL_KEY = 'label-width';

export function readLabelWidth(): number {
  try {
    const width = Number(localStorage.getItem(LABEL_KEY));
    return width >= 15 && width <= 75 ? width : 42;
  } catch {
    return 42;
  }
}

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
      labelWidth.value = Math.max(15, Math.min(75, ((clientX - frame.left) / frame.width) * 100));
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener(
      'pointerup',
      () => {
        handle.removeEventListener('pointermove', move);
        try {
          localStorage.setItem(LABEL_KEY, String(labelWidth.value));
        } catch {
          // Then for this time only.
        }
      },
      { once: true },
    );
  };
  return (
    <div class="axis" aria-hidden="true">
      <div class="handle" onPointerDown={drag} />
      <div class="ticks">
        {toTicks(from, until, 6).map((tick) => (
          <span key={tick} style={{ left: `${((tick - from) / (until - from)) * 100}%` }}>
            {formatDuration(tick)}
          </span>
        ))}
      </div>
    </div>
  );
}
