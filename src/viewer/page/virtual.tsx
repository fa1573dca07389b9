// Used by the list and the waterfall: of many lines of one height, those that are to be seen are there.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, HTMLAttributes, RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

export interface VirtualProps extends Omit<HTMLAttributes<HTMLDivElement>, 'ref' | 'children'> {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly count: number;
  readonly rowHeight: number;
  /** Before all lines; scrolls with them unless it is sticky. */
  readonly head?: ComponentChildren;
  readonly row: (index: number, top: number) => ComponentChildren;
}

/** Lines beyond the edges, so that none is missing while one scrolls. */
const MARGIN = 8;

export function Virtual({ box, count, rowHeight, head, row, onScroll, ...rest }: VirtualProps) {
  // Nothing before its height is known: lines that are not to be seen would be made for nothing.
  const range = useSignal<readonly [number, number]>([0, 0]);
  const measure = (): void => {
    const element = box.current;
    if (element === null) return;
    const first = Math.floor(element.scrollTop / rowHeight);
    const size = Math.ceil(element.clientHeight / rowHeight);
    // In steps, so that not every pixel is a new picture.
    const from = Math.max(0, Math.floor((first - MARGIN) / 4) * 4);
    const until = from + Math.ceil((size + 2 * MARGIN) / 4) * 4 + 4;
    const [oldFrom, oldUntil] = range.peek();
    if (from !== oldFrom || until !== oldUntil) range.value = [from, until];
  };
  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, [rowHeight]);
  const [from, until] = range.value;
  const rows: ComponentChildren[] = [];
  for (let index = from; index < Math.min(until, count); index++) rows.push(row(index, index * rowHeight));
  return (
    <div
      ref={box}
      {...rest}
      onScroll={(event) => {
        measure();
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

/** Scrolls as little as is needed for a line to be seen; `head` is what covers the top. */
export function scrollTo(box: HTMLElement | null, index: number, rowHeight: number, head = 0): void {
  if (box === null) return;
  const top = index * rowHeight;
  const height = box.clientHeight - head;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + height) box.scrollTop = top + rowHeight - height;
  else return;
  // The browser says so with the next frame only, and that one would show the lines of before.
  box.dispatchEvent(new Event('scroll'));
}
