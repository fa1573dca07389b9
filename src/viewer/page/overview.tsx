// Above the waterfall: the whole trace, small. Dragging, or the arrows, show a part of it below, a double click all of it.
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { afterFrame } from './after-frame.ts';
import { readColor, toServiceClass } from './colors.ts';
import { formatDuration } from './format.ts';
import { model } from './state.ts';
import { isDark } from './theme.ts';
import type { TraceModel } from './trace-model.ts';
import { zoom } from './trace-state.ts';

const HEIGHT = 46;
const MIN_DRAG = 4;

export function Overview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const current = model.value;
  useLayoutEffect(() => {
    const element = canvas.current?.parentElement;
    if (element === null || element === undefined) return undefined;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth));
    observer.observe(element);
    width.value = element.clientWidth;
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (current === undefined || width.value === 0) return undefined;
    // A frame later than the lines below, which one waits for.
    return afterFrame(() => {
      if (canvas.current !== null) draw(canvas.current, current, width.value);
    });
  }, [current, width.value, isDark.value]);
  if (current === undefined) return null;

  const drag = (event: PointerEvent): void => {
    const target = event.currentTarget as HTMLElement;
    const { left } = target.getBoundingClientRect();
    const toMillis = (x: number): number =>
      (Math.max(0, Math.min(width.value, x - left)) / width.value) * current.duration;
    const start = event.clientX;
    target.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      if (Math.abs(moved.clientX - start) < MIN_DRAG) return;
      const [a, b] = [toMillis(start), toMillis(moved.clientX)];
      zoom.value = [Math.min(a, b), Math.max(a, b)];
    };
    target.addEventListener('pointermove', move);
    target.addEventListener('pointerup', () => target.removeEventListener('pointermove', move), { once: true });
  };
  /** By keyboard: the arrows make and move a part of a tenth, Shift makes it larger or smaller. */
  const press = (event: KeyboardEvent): void => {
    const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (direction === 0) return;
    event.preventDefault();
    const { duration } = current;
    const [start, end] = zoom.value ?? (direction > 0 ? [0, 0] : [duration, duration]);
    const size = end - start || duration / 10;
    const step = (direction * size) / 2;
    if (zoom.value !== undefined && event.shiftKey) zoom.value = [start, Math.min(duration, end + step)];
    else {
      const moved = zoom.value === undefined ? start : start + step;
      const left = Math.max(0, Math.min(duration - size, moved));
      zoom.value = [left, left + size];
    }
  };
  const [from, until] = zoom.value ?? [0, current.duration];
  const left = (from / current.duration) * 100;
  const right = 100 - (until / current.duration) * 100;
  return (
    <div
      class="overview"
      role="group"
      tabIndex={0}
      aria-label={`The whole trace, ${formatDuration(current.duration)}. Arrow keys show a part of it, with Shift more or less, 0 shows all.`}
      onPointerDown={drag}
      onKeyDown={press}
      onDblClick={() => (zoom.value = undefined)}
      title="Drag to zoom, double click for the whole trace"
    >
      <canvas ref={canvas} aria-hidden="true" />
      {zoom.value !== undefined && (
        <>
          <div class="shade" style={{ left: 0, width: `${left}%` }} />
          <div class="shade" style={{ right: 0, width: `${right}%` }} />
          <span class="hidden" role="status">
            {formatDuration(from)} to {formatDuration(until)}
          </span>
        </>
      )}
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, { spans, duration, services }: TraceModel, width: number): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  pen.scale(ratio, ratio);
  const colors = new Map(services.map(({ name }) => [name, readColor(canvas, `--${toServiceClass(name)}`)]));
  const bad = readColor(canvas, '--bad');
  // A line for each span, or, of many, one for all that fall on the same pixels.
  const step = Math.min(5, (HEIGHT - 8) / Math.max(1, spans.length));
  const thickness = Math.max(1, step - 1);
  const stretches = new Map<string, Stretch[]>();
  for (const [index, { start, end, detail, service }] of spans.entries()) {
    const color = detail.status === 2 ? bad : (colors.get(service) ?? bad);
    let known = stretches.get(color);
    if (known === undefined) stretches.set(color, (known = []));
    const top = 4 + (step < 1 ? Math.floor(index * step) : index * step);
    const left = (start / duration) * width;
    const right = Math.max(left + 1.5, (end / duration) * width);
    const last = known.at(-1);
    if (last !== undefined && last.top === top && left <= last.right + 1 && right >= last.left - 1) {
      last.left = Math.min(last.left, left);
      last.right = Math.max(last.right, right);
    } else known.push({ top, left, right });
  }
  // What failed last, so that nothing lies over it. A colour is read anew each time it is set, so each is set once.
  for (const [color, known] of [...stretches].sort(([a], [b]) => Number(a === bad) - Number(b === bad))) {
    const height = color === bad ? Math.max(2, thickness) : thickness;
    pen.fillStyle = color;
    for (const { top, left, right } of known) pen.fillRect(left, top, right - left, height);
  }
}

/** What is drawn as one. */
interface Stretch {
  readonly top: number;
  left: number;
  right: number;
}
