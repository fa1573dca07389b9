// Above the list: every trace as a dot, its time to the right and its duration upwards (logarithmic), errors red. Dragging asks for that time only.
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TraceSummary } from '../model.ts';
import { afterFrame } from './after-frame.ts';
import { readColor } from './colors.ts';
import { formatClock, formatDuration, plural, toTicks } from './format.ts';
import { go } from './place.ts';
import { shown, view } from './state.ts';
import { isDark } from './theme.ts';
import { LEFT, RIGHT, type Scale, toScale } from './strip-scale.ts';

const HEIGHT = 84;
const BOTTOM = 18;
/** A shorter drag is a click. */
const MIN_DRAG = 4;

export function Strip() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const brush = useSignal<readonly [number, number] | undefined>(undefined);
  const traces = shown.value;
  const { from, until, trace } = view.value;
  const scale = toScale(traces, width.value, { from, until });

  useLayoutEffect(() => {
    const element = canvas.current?.parentElement;
    if (element === null || element === undefined) return undefined;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth));
    observer.observe(element);
    width.value = element.clientWidth;
    return () => observer.disconnect();
  }, []);
  // A frame later than the rest: a trace that opens is what one waits for, and takes room from the strip, which then is drawn in its new width.
  useLayoutEffect(
    () =>
      afterFrame(() => {
        if (canvas.current !== null && traces.length > 0 && width.value > 0)
          draw(canvas.current, traces, scale, width.value, trace);
      }),
    [traces, width.value, from, until, trace, isDark.value],
  );

  const choose = ([a, b]: readonly [number, number]): void => {
    go({ from: Math.floor(scale.toMillis(Math.min(a, b))), until: Math.ceil(scale.toMillis(Math.max(a, b))) });
  };
  const drag = (event: PointerEvent): void => {
    const target = event.currentTarget as HTMLElement;
    const { left } = target.getBoundingClientRect();
    const start = event.clientX - left;
    target.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => void (brush.value = [start, moved.clientX - left]);
    const end = (ended: PointerEvent): void => {
      target.removeEventListener('pointermove', move);
      const chosen = brush.value;
      brush.value = undefined;
      if (chosen !== undefined && Math.abs(chosen[1] - chosen[0]) >= MIN_DRAG) choose(chosen);
      else openAt(ended.clientX - left, ended.offsetY);
    };
    target.addEventListener('pointermove', move);
    target.addEventListener('pointerup', end, { once: true });
  };
  const openAt = (x: number, y: number): void => {
    const height = toHeights(traces);
    let best: TraceSummary | undefined;
    let nearest = 12;
    for (const candidate of traces) {
      const distance = Math.hypot(scale.toX(candidate.startMillis) - x, height(candidate.durationMillis) - y);
      if (distance < nearest) [best, nearest] = [candidate, distance];
    }
    if (best !== undefined) go({ trace: best.id, span: undefined });
  };
  /** By keyboard: the arrows make and move a window of a tenth, Shift makes it larger or smaller, Enter asks. */
  const press = (event: KeyboardEvent): void => {
    const step = (width.value - LEFT - RIGHT) / 20;
    const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (direction !== 0) {
      const [a, b] = brush.value ?? [width.value - RIGHT - 2 * step, width.value - RIGHT];
      brush.value = event.shiftKey
        ? [a, Math.max(a + step, b + direction * step)]
        : [a + direction * step, b + direction * step];
    } else if (event.key === 'Enter' && brush.value !== undefined) {
      choose(brush.value);
      brush.value = undefined;
    } else if (event.key === 'Escape' && brush.value !== undefined) brush.value = undefined;
    else return;
    event.preventDefault();
  };

  const failed = traces.filter(({ errors }) => errors > 0).length;
  const slowest = Math.max(0, ...traces.map(({ durationMillis }) => durationMillis));
  const label = `${plural(traces.length, 'trace')} from ${formatClock(scale.from, false)} to ${formatClock(scale.until, false)}, ${failed} with errors, the slowest ${formatDuration(slowest)}. Arrow keys and Enter choose a time.`;
  const [a, b] = brush.value ?? [0, 0];
  return (
    <div
      class={traces.length === 0 ? 'strip none' : 'strip'}
      role="group"
      tabIndex={0}
      aria-label={label}
      onPointerDown={drag}
      onKeyDown={press}
      onBlur={() => (brush.value = undefined)}
    >
      <canvas ref={canvas} height={HEIGHT} aria-hidden="true" />
      {brush.value !== undefined && (
        <div class="brush" style={{ left: `${Math.min(a, b)}px`, width: `${Math.abs(b - a)}px` }} />
      )}
    </div>
  );
}

/** Upwards by the logarithm, between the quickest and the slowest. */
function toHeights(traces: readonly TraceSummary[]): (millis: number) => number {
  let low = Infinity;
  let high = 0.1;
  for (const { durationMillis } of traces) {
    low = Math.min(low, Math.max(0.01, durationMillis));
    high = Math.max(high, durationMillis);
  }
  const bottom = Math.log10(low) - 0.15;
  const top = Math.log10(Math.max(high, low * 3)) + 0.1;
  return (millis) => {
    const share = (Math.log10(Math.max(0.01, millis)) - bottom) / (top - bottom);
    return (HEIGHT - BOTTOM) * (1 - Math.max(0, Math.min(1, share)) * 0.94) - 2;
  };
}

function draw(
  canvas: HTMLCanvasElement,
  traces: readonly TraceSummary[],
  scale: Scale,
  width: number,
  open: string | undefined,
): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  pen.scale(ratio, ratio);
  const color = (name: string): string => readColor(canvas, name);
  const toY = toHeights(traces);
  pen.font = '10px system-ui, sans-serif';
  pen.lineWidth = 1;
  // Durations: a line for every power of ten that is in sight.
  for (let power = -2; power <= 6; power++) {
    const y = toY(10 ** power);
    if (y <= 6 || y >= HEIGHT - BOTTOM - 4) continue;
    pen.strokeStyle = color('--line');
    pen.beginPath();
    pen.moveTo(LEFT, Math.round(y) + 0.5);
    pen.lineTo(width - RIGHT, Math.round(y) + 0.5);
    pen.stroke();
    pen.fillStyle = color('--dim');
    pen.textAlign = 'right';
    pen.fillText(formatDuration(10 ** power).replace(/\.0+/, ''), LEFT - 8, y + 3);
  }
  pen.textAlign = 'center';
  pen.fillStyle = color('--dim');
  const isShort = scale.until - scale.from < 5_000;
  for (const tick of toTicks(0, scale.until - scale.from, Math.max(2, Math.floor(width / 160)))) {
    const x = scale.toX(scale.from + tick);
    if (x < LEFT + 24 || x > width - 40) continue;
    pen.fillText(formatClock(scale.from + tick, isShort), x, HEIGHT - 5);
  }
  // Errors last, so that none lies under a dot that is fine.
  for (const isFailed of [false, true]) {
    pen.fillStyle = color(isFailed ? '--bad' : '--dot');
    for (const { startMillis, durationMillis, errors } of traces) {
      if (errors > 0 !== isFailed || !scale.isIn(startMillis)) continue;
      pen.beginPath();
      pen.arc(scale.toX(startMillis), toY(durationMillis), isFailed ? 3.2 : 2.6, 0, 7);
      pen.fill();
    }
  }
  const chosen = traces.find(({ id }) => id === open);
  if (chosen === undefined) return;
  pen.strokeStyle = color('--text');
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.arc(scale.toX(chosen.startMillis), toY(chosen.durationMillis), 6, 0, 7);
  pen.stroke();
}
