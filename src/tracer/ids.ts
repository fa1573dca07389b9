// Asked by the tracer for every span, and by sampling before there is one: ids of traces and spans.
import { type Context, INVALID_SPANID, INVALID_TRACEID } from '@opentelemetry/api';
import { process } from '../natives.ts';

/** Where ids come from; the SDK's IdGenerator is one. */
export interface IdSource {
  generateSpanId(): string;
  /** Asked only where a trace begins; `context` is what its first span is started in. */
  generateTraceId(context: Context): string;
}

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
/** A call for random bytes costs 3 microseconds, however few they are; these cost 7, and last for 680 traces. */
const POOL_BYTES = 16_384;
/** Made digits together, and cut out of one text. That text lives as long as any id of it, so it is short. */
const PAGE_BYTES = 240;

/** At the first id, not at the start: node:crypto is 20 files of Node's. */
function fillAtRandom(bytes: Buffer): void {
  process.getBuiltinModule('node:crypto').randomFillSync(bytes);
}

/**
 * Random ids, never zero, from a pool of bytes that each are used once.
 * @note Every thread loads its own copy of this file, and Node does not fork without `exec`: nobody else has the same pool.
 */
export function createRandomIds(fill: (bytes: Buffer) => void = fillAtRandom): IdSource {
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  let poolAt = POOL_BYTES;
  let page = '';
  let pageAt = 0;

  function turnPage(): void {
    if (poolAt + PAGE_BYTES > POOL_BYTES) {
      fill(pool);
      poolAt = 0;
    }
    page = pool.toString('hex', poolAt, poolAt + PAGE_BYTES);
    poolAt += PAGE_BYTES;
    pageAt = 0;
  }

  function take(digits: number, zero: string): string {
    if (pageAt + digits > page.length) turnPage();
    const id = page.slice(pageAt, pageAt + digits);
    pageAt += digits;
    return id === zero ? take(digits, zero) : id;
  }

  return {
    generateSpanId: () => take(SPAN_ID_DIGITS, INVALID_SPANID),
    generateTraceId: () => take(TRACE_ID_DIGITS, INVALID_TRACEID),
  };
}
