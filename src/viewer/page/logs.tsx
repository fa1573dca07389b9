// In place of the waterfall: the log records of the whole trace, in the order of time.
import { LogLines } from './details.tsx';
import type { TraceModel } from './trace-model.ts';
import { select } from './trace-state.ts';

/** More are not read; the query finds what is looked for. */
const MAX_SHOWN = 2_000;

export function Logs({ model }: { readonly model: TraceModel }) {
  const { logs } = model.detail;
  return (
    <div class="all-logs" tabIndex={0} role="region" aria-label="Logs of the trace">
      <LogLines
        logs={logs.slice(0, MAX_SHOWN)}
        onSelect={({ span }) => {
          const found = model.byId.get(span);
          if (found !== undefined) select(found);
        }}
      />
      {logs.length > MAX_SHOWN && (
        <p class="dim">
          The first {MAX_SHOWN} of {logs.length}.
        </p>
      )}
    </div>
  );
}
