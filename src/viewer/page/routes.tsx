// The table of routes: how often each is asked for, how often it fails, how long it takes. A click shows its traces.
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { HISTOGRAM_LIMITS, type RouteStats } from '../model.ts';
import { toServiceClass } from './colors.ts';
import { formatCount, formatDuration } from './format.ts';
import { filterBy, toCondition } from './place.ts';
import { routes } from './state.ts';

type Column = 'name' | 'count' | 'perMinute' | 'errors' | 'p50' | 'p95' | 'p99';

const COLUMNS: ReadonlyArray<readonly [Column, string]> = [
  ['name', 'Route'],
  ['count', 'Requests'],
  ['perMinute', 'A minute'],
  ['errors', 'Errors'],
  ['p50', 'p50'],
  ['p95', 'p95'],
  ['p99', 'p99'],
];

export function Routes() {
  const sort = useSignal<readonly [Column, 1 | -1]>(['p95', -1]);
  const all = routes.value;
  if (all === undefined) return <div class="empty" />;
  if (all.length === 0)
    return (
      <div class="empty">
        <h1>No requests yet</h1>
        <p>Spans of servers and consumers are counted here, by their route.</p>
      </div>
    );
  const [by, direction] = sort.value;
  const sorted = all.toSorted(
    (a, b) => direction * (by === 'name' ? a.name.localeCompare(b.name) : toShare(a, by) - toShare(b, by)),
  );
  const slowest = Math.max(...all.map(({ p99 }) => p99), 1e-3);
  return (
    <div class="routes">
      <table aria-label="Routes">
        <thead>
          <tr>
            {COLUMNS.map(([column, label]) => (
              <th
                key={column}
                scope="col"
                aria-sort={by === column ? (direction === 1 ? 'ascending' : 'descending') : undefined}
              >
                <button
                  type="button"
                  onClick={() =>
                    (sort.value = [column, by === column ? (direction === 1 ? -1 : 1) : column === 'name' ? 1 : -1])
                  }
                >
                  {label}
                  {by === column && <span aria-hidden="true">{direction === 1 ? ' ↑' : ' ↓'}</span>}
                </button>
              </th>
            ))}
            <th scope="col">Durations</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((route) => (
            <Route key={`${route.service} ${route.name}`} route={route} slowest={slowest} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const toShare = (route: RouteStats, by: Exclude<Column, 'name'>): number =>
  by === 'errors' ? route.errors / route.count : route[by];

function Route({ route, slowest }: { readonly route: RouteStats; readonly slowest: number }) {
  const { name, service, count, errors, perMinute } = route;
  const share = errors / count;
  const show = (): void => {
    filterBy(toCondition('service', service));
    filterBy(toCondition('name', name));
  };
  return (
    <tr>
      <th scope="row">
        <button type="button" class="value" onClick={show} title="Show its traces">
          <span class="name">{name || '(no name)'}</span>
          <span class="who">
            <i class={toServiceClass(service)} />
            {service}
          </span>
        </button>
      </th>
      <td>{formatCount(count)}</td>
      <td>{perMinute < 9.95 ? perMinute.toFixed(1) : formatCount(Math.round(perMinute))}</td>
      <td class={errors > 0 ? 'bad' : 'dim'}>
        {errors === 0
          ? '0'
          : `${formatCount(errors)} · ${share < 0.0995 ? (share * 100).toFixed(1) : Math.round(share * 100)}%`}
      </td>
      {(['p50', 'p95', 'p99'] as const).map((key) => (
        <td key={key}>
          {formatDuration(route[key])}
          <span class="meter" aria-hidden="true">
            <span style={{ width: `${Math.max(2, (route[key] / slowest) * 100)}%` }} />
          </span>
        </td>
      ))}
      <td>
        <Histogram
          route={route}
          onChoose={(limit) => {
            show();
            if (limit !== undefined) filterBy(`duration>${limit}ms`);
          }}
        />
      </td>
    </tr>
  );
}

const BAR = 7;
const HEIGHT = 26;

/** A bar for each range of durations, by a logarithm; a click on one, or Enter, asks for what took longer than its lower end. */
function Histogram({
  route: { histogram },
  onChoose,
}: {
  readonly route: RouteStats;
  readonly onChoose: (limit: number | undefined) => void;
}) {
  const id = useId();
  /** The bar that the arrows have come to. */
  const at = useSignal(-1);
  const most = Math.max(...histogram, 1);
  const last = histogram.length - 1;
  const press = (event: KeyboardEvent): void => {
    const to = { ArrowRight: at.value + 1, ArrowLeft: at.value - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) at.value = Math.max(0, Math.min(last, to));
    else if (event.key === 'Enter') onChoose(toLower(at.value));
    else return;
    event.preventDefault();
  };
  return (
    <svg
      class="histogram"
      width={histogram.length * BAR}
      height={HEIGHT}
      role="listbox"
      aria-label="Durations"
      aria-orientation="horizontal"
      aria-activedescendant={at.value < 0 ? undefined : `${id}-${at.value}`}
      tabindex={0}
      onFocus={() => (at.value = histogram.findIndex((count) => count > 0))}
      onBlur={() => (at.value = -1)}
      onKeyDown={press}
    >
      {histogram.map((count, index) => {
        const height = count === 0 ? 1 : Math.max(2, (count / most) * (HEIGHT - 2));
        const upper = HISTOGRAM_LIMITS[index];
        const lower = formatDuration(toLower(index) ?? 0);
        const label = `${count}: ${upper === undefined ? `more than ${lower}` : `${lower} to ${formatDuration(upper)}`}`;
        return (
          <g
            key={index}
            id={`${id}-${index}`}
            role="option"
            aria-label={label}
            aria-selected={index === at.value}
            class={index === at.value ? 'at' : ''}
            onClick={() => onChoose(toLower(index))}
          >
            <title>{label}</title>
            <rect class="hit" x={index * BAR} y={0} width={BAR} height={HEIGHT} />
            <rect
              class={count === 0 ? 'none' : ''}
              x={index * BAR}
              y={HEIGHT - height}
              width={BAR - 1.5}
              height={height}
              rx={1}
            />
          </g>
        );
      })}
    </svg>
  );
}

/** The lower end of a bar, undefined where it begins at nothing. */
const toLower = (index: number): number | undefined => HISTOGRAM_LIMITS[index - 1];
