// In place of the waterfall: the log records of the whole trace, in the order of time.
import { LogLines } from './log-lines.tsx';
import { type TraceModel, findSpan } from './trace-model.ts';
import { select } from './trace-state.ts';
import { Many } from './values.tsx';

/** So many at a time. */
const MANY = 500;

export function Logs({ model }: { readonly model: TraceModel }) {
  const { logs } = model.detail;
  return (
    <div class="all-logs" tabIndex={0} role="region" aria-label="Logs of the trace">
      <Many key={model.detail.trace.id} items={logs} step={MANY}>
        {(shown) => (
          <LogLines
            logs={shown}
            serviceOf={({ origin }) => model.detail.origins[origin]?.service ?? ''}
            onSelect={({ span }) => {
              const found = findSpan(model, span);
              if (found !== undefined) select(found);
            }}
          />
        )}
      </Many>
    </div>
  );
}
