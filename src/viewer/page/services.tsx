// The map: who calls whom, how often, how long it takes and how much of it fails.
import type { ServiceEdge } from '../model.ts';
import { toServiceClass } from './colors.ts';
import { formatCount, formatDuration, plural } from './format.ts';
import { NODE, type Placed, layOut } from './service-layout.ts';
import { filterBy, toCondition } from './place.ts';
import { services } from './state.ts';

const PAD = 24;

export function Services() {
  const map = services.value;
  if (map === undefined) return <div class="empty" />;
  if (map.nodes.length === 0)
    return (
      <div class="empty">
        <h1>No services yet</h1>
        <p>Every service that sends spans is shown here, with whom it calls.</p>
      </div>
    );
  const { placed, edges, width, height } = layOut(map);
  const busiest = Math.max(1, ...edges.map(({ calls }) => calls));
  const order = [...placed.values()];
  return (
    <div class="map" tabIndex={0} role="region" aria-label="Map of services">
      <svg
        width={width + 2 * PAD}
        height={height + 2 * PAD}
        viewBox={`${-PAD} ${-PAD} ${width + 2 * PAD} ${height + 2 * PAD}`}
      >
        <defs>
          {['', 'bad'].map((kind) => (
            <marker
              key={kind}
              id={`arrow${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path class={`arrow ${kind}`} d="M0 0.5 L8 4 L0 7.5 z" />
            </marker>
          ))}
        </defs>
        {edges.map((edge) => (
          <Edge
            key={`${edge.from} ${edge.to}`}
            edge={edge}
            from={placed.get(edge.from)}
            to={placed.get(edge.to)}
            share={edge.calls / busiest}
          />
        ))}
        {order.map((place) => (
          <Node key={place.node.name} {...place} />
        ))}
      </svg>
    </div>
  );
}

function Node({ node, x, y }: Placed) {
  const { name, isExternal, spans, errors } = node;
  const open = (): void =>
    filterBy(isExternal ? `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"` : toCondition('service', name));
  const facts = `${plural(spans, isExternal ? 'call' : 'span')}${errors > 0 ? `, ${errors} failed` : ''}`;
  return (
    <g
      class={`node ${isExternal ? 'external' : toServiceClass(name)}`}
      transform={`translate(${x} ${y})`}
      role="button"
      // In SVG the case of a name counts: as tabIndex it is no attribute that a browser knows.
      tabindex={0}
      aria-label={`${name || '(no service)'}: ${facts}`}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        open();
      }}
    >
      <rect width={NODE.width} height={NODE.height} rx={9} />
      {!isExternal && <rect class="tint" x={0} y={10} width={4} height={NODE.height - 20} rx={2} />}
      <text x={16} y={25}>
        {name.length > 22 ? `${name.slice(0, 21)}…` : name || '(no service)'}
      </text>
      <text class="sub" x={16} y={44}>
        {formatCount(spans)} {isExternal ? 'calls' : 'spans'}
        {errors > 0 && (
          <tspan class="bad" dx={8}>
            {formatCount(errors)} failed
          </tspan>
        )}
      </text>
      <title>{name}</title>
    </g>
  );
}

function Edge({
  edge,
  from,
  to,
  share,
}: {
  readonly edge: ServiceEdge;
  readonly from: Placed | undefined;
  readonly to: Placed | undefined;
  readonly share: number;
}) {
  if (from === undefined || to === undefined) return null;
  const isForward = to.x > from.x;
  const [x1, y1] = [
    isForward ? from.x + NODE.width : from.x + NODE.width / 2,
    isForward ? from.y + NODE.height / 2 : from.y + NODE.height,
  ];
  const [x2, y2] = [isForward ? to.x : to.x + NODE.width / 2, isForward ? to.y + NODE.height / 2 : to.y + NODE.height];
  const bend = Math.max(40, (x2 - x1) / 2);
  // A call that goes back, or stays in its column, goes round below.
  const path = isForward
    ? `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 2} ${y2}`
    : `M${x1} ${y1} C${x1} ${Math.max(y1, y2) + 60} ${x2} ${Math.max(y1, y2) + 60} ${x2} ${y2 + 2}`;
  const [mx, my] = [(x1 + x2) / 2, isForward ? (y1 + y2) / 2 : Math.max(y1, y2) + 44];
  const isBad = edge.errors > 0;
  const facts = `${edge.from} calls ${edge.to}: ${edge.calls} × ${formatDuration(edge.meanMillis)}, ${edge.errors} failed`;
  return (
    <g class={isBad ? 'edge bad' : 'edge'} role="img" aria-label={facts}>
      <path d={path} stroke-width={1.2 + 2.6 * share} marker-end={`url(#arrow${isBad ? 'bad' : ''})`} />
      <text x={mx} y={my - 7}>
        {formatCount(edge.calls)} × {formatDuration(edge.meanMillis)}
      </text>
      {isBad && (
        <text class="bad" x={mx} y={my + 14}>
          {Math.max(1, Math.round((edge.errors / edge.calls) * 100))}% failed
        </text>
      )}
      <title>{facts}</title>
    </g>
  );
}
