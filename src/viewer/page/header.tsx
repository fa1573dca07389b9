// On top of every view: where one is, the query, and what the viewer holds.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { formatClock, formatCount } from './format.ts';
import { toggleHelp } from './help-state.ts';
import { type Page, go, place } from './place.ts';
import { fields, isConnected, list, queryError } from './state.ts';
import { nextTheme, theme } from './theme.ts';

const PAGES: ReadonlyArray<readonly [Page, string]> = [
  ['traces', 'Traces'],
  ['routes', 'Routes'],
  ['services', 'Services'],
];
const THEME_SIGNS = { auto: '◐', light: '○', dark: '●' };

export function Header() {
  const { page, from, until } = place.value;
  const answer = list.value;
  return (
    <header>
      <nav aria-label="Views">
        {PAGES.map(([name, label]) => (
          <button
            key={name}
            type="button"
            aria-current={page === name ? 'page' : undefined}
            onClick={() => go({ page: name })}
          >
            {label}
          </button>
        ))}
      </nav>
      <Query />
      {from !== undefined && until !== undefined && (
        <button
          type="button"
          class="chip"
          title="Show all times"
          onClick={() => go({ from: undefined, until: undefined })}
        >
          {formatClock(from, false)} – {formatClock(until, false)} ✕
        </button>
      )}
      <span class="count" role="status">
        <span class={isConnected.value ? 'live' : 'live off'} aria-hidden="true" />
        {answer === undefined
          ? ''
          : answer.matched === answer.total
            ? `${formatCount(answer.total)} traces`
            : `${formatCount(answer.matched)} of ${formatCount(answer.total)}`}
      </span>
      <button
        type="button"
        class="icon"
        title={`Colours: ${theme.value} (t)`}
        aria-label={`Colours: ${theme.value}`}
        onClick={nextTheme}
      >
        {THEME_SIGNS[theme.value]}
      </button>
      <button type="button" class="icon" title="Help (?)" aria-label="Help" onClick={toggleHelp}>
        ?
      </button>
    </header>
  );
}

/** A person types on: the viewer is asked when the hands rest. */
const TYPING_MILLIS = 250;

function Query() {
  const text = useSignal(place.value.query);
  const given = useRef(place.value.query);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<number>(undefined);
  const { query } = place.value;
  useEffect(() => {
    // Changed from elsewhere: a click on an attribute, a step back.
    if (query !== given.current) text.value = query;
    given.current = query;
  }, [query]);
  const ask = (value: string): void => {
    clearTimeout(timer.current);
    given.current = value;
    if (value !== place.peek().query) go({ query: value }, 'replace');
  };
  const error = queryError.value;
  return (
    <form
      class="query"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        ask(text.value);
      }}
    >
      <input
        ref={input}
        type="search"
        aria-label="Query"
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : 'query-error'}
        placeholder='status=error duration>200ms http.route=/cart "text"'
        spellcheck={false}
        autocomplete="off"
        list="fields"
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => ask(text.value), TYPING_MILLIS);
        }}
      />
      <datalist id="fields">
        {/\s|[=<>~"(]/.test(text.value) ? [] : fields.value.map((name) => <option key={name} value={`${name}=`} />)}
      </datalist>
      {error !== undefined && (
        <output id="query-error" class="query-error">
          {error.column !== undefined && (
            <span class="caret" aria-hidden="true">
              {' '.repeat(Math.min(error.column, 60))}▲{' '}
            </span>
          )}
          {error.message}
        </output>
      )}
    </form>
  );
}
