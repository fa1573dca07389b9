// Opened by `?`: the query language and the keys, on one sheet.
import { useEffect, useRef } from 'preact/hooks';
import { toggleHelp } from './help-state.ts';
import { isSaved } from './state.ts';

const QUERIES = [
  ['status=error duration>200ms', 'spans that failed and took long'],
  ['http.route=/cart/* "card declined"', 'any attribute, and any text'],
  ['service=shop or service=stock', 'either; brackets and -not work too'],
  ['http.response.status_code>=500', 'numbers compare'],
  ['url.full~checkout', 'contains'],
  ['trace.spans>50 trace.duration>1s', 'of the whole trace'],
  ['level>=warn log~timeout', 'log records'],
] as const;

const KEYS = [
  ['/', 'query'],
  ['↑ ↓ ⏎', 'move, open'],
  ['Esc', 'back'],
  ['n', 'show new traces'],
  ['1 2 3', 'traces, routes, services'],
  ['← →', 'close, open a span'],
  ['⇥ ← →', 'on a strip, a bar, an edge: choose, move'],
  ['e', 'next error'],
  ['f', 'find in the trace'],
  ['+ − 0', 'zoom'],
  ['c', 'critical path'],
  ['l', 'logs'],
  ['p', 'pin'],
  ['s', 'share'],
  ['t', 'light or dark'],
] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Help"
      onClose={toggleHelp}
      onClick={({ target }) => target === dialog.current && toggleHelp()}
    >
      <div>
        {!isSaved && (
          <section>
            <h2>Query</h2>
            <dl>
              {QUERIES.map(([query, meaning]) => (
                <div key={query}>
                  <dt>
                    <code>{query}</code>
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
            <p>
              Fields: name, service, kind, status, duration, root, scope, message, trace, span, trace.duration,
              trace.spans, trace.errors, trace.services, log, level, and every attribute. <code>*</code> stands for
              anything.
            </p>
          </section>
        )}
        <section>
          <h2>Keys</h2>
          <dl class="keys">
            {KEYS.map(([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </dialog>
  );
}
