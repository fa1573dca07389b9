// In the head of a trace: it leaves the viewer as a page, as OTLP or as text; the viewer hides secrets once more before it gives it out.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { askText, download } from './api.ts';

export function ShareMenu({ id }: { readonly id: string }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const said = useSignal('');
  const act = (work: () => Promise<void>, done: string): void => {
    work().then(
      () => (said.value = done),
      (error: unknown) => (said.value = error instanceof Error ? error.message : String(error)),
    );
    menu.current?.removeAttribute('open');
    menu.current?.querySelector('summary')?.focus();
  };
  const copy = async (text: string): Promise<void> => navigator.clipboard.writeText(text);
  return (
    <details class="menu" ref={menu}>
      <summary data-key="s" title="Share this trace (s)">
        Share
      </summary>
      <div>
        <button type="button" onClick={() => act(() => download(`/api/traces/${id}/html`), 'saved')}>
          <b>Save as a page</b>
          <span>one HTML file that opens anywhere</span>
        </button>
        <button type="button" onClick={() => act(() => download(`/api/traces/${id}/otlp`), 'saved')}>
          <b>Save as OTLP JSON</b>
          <span>for any tool, and tracing open</span>
        </button>
        <button
          type="button"
          onClick={() => act(async () => copy(await askText(`/api/traces/${id}/markdown`)), 'copied')}
        >
          <b>Copy as Markdown</b>
          <span>for a chat or an issue</span>
        </button>
        <button type="button" onClick={() => act(() => copy(id), 'copied')}>
          <b>Copy the trace id</b>
          <span>{id}</span>
        </button>
        <p>Secrets are hidden once more in what is saved.</p>
      </div>
      <span class="hidden" role="status">
        {said.value}
      </span>
    </details>
  );
}
