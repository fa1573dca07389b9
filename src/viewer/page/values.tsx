// Used wherever a span's or a log record's values are shown: as text, each a click away from all spans that have it.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { formatValue } from './format.ts';
import { filterBy, toCondition } from './place.ts';
import { isSaved } from './state.ts';

/** A value that all of its like can be asked for; in a saved page there is nobody to ask. */
export function Filter({ name, value }: { readonly name: string; readonly value: unknown }) {
  const text = formatValue(value);
  const isAskable = !isSaved && /^[\w$@][\w$@./:-]*$/.test(name) && text.length <= 200 && typeof value !== 'object';
  if (!isAskable) return <Text text={text} />;
  return (
    <button
      type="button"
      class="value"
      title={`Show traces with ${name}=${text}`}
      onClick={() => filterBy(toCondition(name, value))}
    >
      {text || '""'}
    </button>
  );
}

const LONG = 600;

/** Long texts open on request: laying out a megabyte takes seconds. */
export function Text({ text }: { readonly text: string }) {
  const isOpen = useSignal(false);
  if (text.length <= LONG || isOpen.value) return <span class="value">{text}</span>;
  return (
    <span class="value">
      {text.slice(0, LONG)}…{' '}
      <button type="button" class="link" onClick={() => (isOpen.value = true)}>
        all {text.length} characters
      </button>
    </span>
  );
}

export function Table({ entries }: { readonly entries: ReadonlyArray<readonly [string, unknown]> }) {
  return (
    <dl class="table">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{toBreakable(name)}</dt>
          <dd>
            <Filter name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A name that is broken, if at all, behind a dot or an underscore. */
const toBreakable = (name: string): ComponentChildren =>
  name.split(/(?<=[._])/).map((part, index) => [index > 0 && <wbr />, part]);

/** The first of many, and a button for more of them: thousands of lines take seconds to lay out. */
export function Many<Item>({
  items,
  step,
  children,
}: {
  readonly items: readonly Item[];
  readonly step: number;
  readonly children: (shown: readonly Item[]) => ComponentChildren;
}) {
  const count = useSignal(step);
  return (
    <>
      {children(items.slice(0, count.value))}
      {items.length > count.value && (
        <button type="button" class="link" onClick={() => (count.value += step)}>
          {Math.min(step, items.length - count.value)} more of {items.length}
        </button>
      )}
    </>
  );
}
