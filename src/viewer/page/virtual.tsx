// Used by the list and the waterfall: of many lines of one height, those that are to be seen are there.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, HTMLAttributes, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

export interface VirtualProps extends Omit<HTMLAttributes<HTMLDivElement>, 'ref' | 'children'> {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly count: number;
  readonly rowHeight: number;
  /** The line that is scrolled into sight whenever it becomes another one; -1 for none. */
  readonly target: number;
  /** Before all lines; scrolls with them unless it is sticky, and then covers so much of them. */
  readonly head?: ComponentChildren;
  readonly headHeight?: number;
  readonly row: (index: number, top: number) => ComponentChildren;
}

/** Lines beyond the edges, so that none is missing while one scrolls. */
const MARGIN = 8;
/** They are made when the others have been seen for so long: made at once they would only be in the way. */
const MARGIN_AFTER_MILLIS = 150;

/** What is known of the box: to ask it lays the page out, which is not to be done before its lines are right. */
interface Sight {
  readonly top: number;
  readonly height: number;
  readonly margin: number;
}

export function Virtual(props: VirtualProps) {
  const { box, count, rowHeight, target, head, headHeight = 0, row, onScroll, ...rest } = props;
  const sight = useRef<Sight>({ top: 0, height: 0, margin: 0 });
  const reached = useRef(-1);
  const drawn = useRef<readonly [number, number]>([0, 0]);
  const turn = useSignal(0);

  const see = (next: Sight): void => {
    sight.current = next;
    const [from, until] = toRange(next, rowHeight);
    if (from !== drawn.current[0] || until !== drawn.current[1]) turn.value++;
  };
  const measure = (margin: number): void => {
    if (box.current !== null) see({ top: box.current.scrollTop, height: box.current.clientHeight, margin });
  };
  useLayoutEffect(() => {
    measure(0);
    const observer = new ResizeObserver(() => measure(sight.current.margin));
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  void turn.value;
  const { top, height } = sight.current;
  if (height > 0 && reached.current !== target) {
    reached.current = target;
    if (target >= 0)
      sight.current = { top: toTop(target, rowHeight, { top, height: height - headHeight }), height, margin: 0 };
  }
  useLayoutEffect(() => {
    if (box.current !== null && sight.current.top !== top) box.current.scrollTop = sight.current.top;
  });
  const { margin } = sight.current;
  useEffect(() => {
    if (margin > 0) return undefined;
    const timer = setTimeout(() => see({ ...sight.current, margin: MARGIN }), MARGIN_AFTER_MILLIS);
    return () => clearTimeout(timer);
  });

  drawn.current = toRange(sight.current, rowHeight);
  const rows: ComponentChildren[] = [];
  for (let index = drawn.current[0]; index < Math.min(drawn.current[1], count); index++)
    rows.push(row(index, index * rowHeight));
  return (
    <div
      ref={box}
      {...rest}
      onScroll={(event) => {
        if (box.current?.scrollTop !== sight.current.top) measure(MARGIN);
        if (typeof onScroll === 'function') onScroll(event);
      }}
    >
      {head}
      <div class="rows" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}

/** The first line that is made, and the one after the last. */
function toRange({ top, height, margin }: Sight, rowHeight: number): readonly [number, number] {
  if (height === 0) return [0, 0];
  // In steps, so that not every pixel is a new picture.
  const step = margin === 0 ? 1 : 4;
  const size = Math.ceil(height / rowHeight) + 1;
  const from = Math.max(0, Math.floor((Math.floor(top / rowHeight) - margin) / step) * step);
  return [from, from + Math.ceil((size + 2 * margin) / step + 1) * step];
}

/** Where the box is to be scrolled to, as near as may be, for a line to be seen. */
function toTop(index: number, rowHeight: number, { top, height }: Omit<Sight, 'margin'>): number {
  const lineTop = index * rowHeight;
  return Math.min(lineTop, Math.max(top, lineTop + rowHeight - height));
}

/** Scrolls as little as is needed for a line to be seen. */
export function scrollTo(box: HTMLElement | null, index: number, rowHeight: number): void {
  if (box === null) return;
  const top = toTop(index, rowHeight, { top: box.scrollTop, height: box.clientHeight });
  if (top === box.scrollTop) return;
  box.scrollTop = top;
  // The browser says so with the next frame only, and that one would show the lines of before.
  box.dispatchEvent(new Event('scroll'));
}
