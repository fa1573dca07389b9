// Used for the logs of a span and for those of the whole trace: a line for each record.
import type { Attributes, LogDetail } from '../model.ts';
import { toServiceClass } from './colors.ts';
import { formatDuration, formatValue, toLevel } from './format.ts';
import { Text } from './values.tsx';

export function LogLines({
  logs,
  serviceOf,
  onSelect,
}: {
  readonly logs: readonly LogDetail[];
  /** Said where the records are of several. */
  readonly serviceOf?: (log: LogDetail) => string;
  readonly onSelect?: (log: LogDetail) => void;
}) {
  return (
    <ol class="logs">
      {logs.map((log, index) => (
        <li key={index} class={toLevel(log.severity)}>
          <span class="num dim">+{formatDuration(log.time)}</span>
          <b>{log.severityText.toLowerCase() || toLevel(log.severity)}</b>
          {serviceOf !== undefined && (
            <span class="who">
              <i class={toServiceClass(serviceOf(log))} />
              {serviceOf(log)}
            </span>
          )}
          {onSelect === undefined ? (
            <Text text={formatValue(log.body)} />
          ) : (
            <button type="button" class="value" title="Show the span" onClick={() => onSelect(log)}>
              {formatValue(log.body).slice(0, 2_000)}
            </button>
          )}
          <Inline attributes={log.attributes} />
        </li>
      ))}
    </ol>
  );
}

function Inline({ attributes }: { readonly attributes: Attributes }) {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return null;
  return (
    <span class="inline">
      {entries.slice(0, 20).map(([name, value]) => (
        <span key={name}>
          {name}=<span>{formatValue(value).slice(0, 200)}</span>
        </span>
      ))}
    </span>
  );
}
