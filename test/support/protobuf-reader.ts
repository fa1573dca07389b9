// otlp-decode.ts reads the binary bodies of an exporter with this: protobuf by a table of fields, and nothing more.

type Scalar = 'string' | 'bytes' | 'bool' | 'int64' | 'uint32' | 'enum' | 'double' | 'fixed32' | 'fixed64' | 'sfixed64';

/** One field of a message: its name, its type (a scalar or the table of another message), and whether it repeats: apart, or packed (fixed64, double). */
interface Field {
  readonly name: string;
  readonly type: Scalar | (() => MessageType);
  readonly repeated?: true | 'packed';
}

/** A message as a table: field number -> field. Numbers that are not in the table are skipped, as protobuf asks. */
export type MessageType = Readonly<Record<number, Field>>;

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_LENGTH = 2;
const WIRE_FIXED32 = 5;

const WIRE_OF: Record<Scalar, number> = {
  string: WIRE_LENGTH,
  bytes: WIRE_LENGTH,
  bool: WIRE_VARINT,
  int64: WIRE_VARINT,
  uint32: WIRE_VARINT,
  enum: WIRE_VARINT,
  double: WIRE_FIXED64,
  fixed32: WIRE_FIXED32,
  fixed64: WIRE_FIXED64,
  sfixed64: WIRE_FIXED64,
};

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads one message; throws an Error that names the field when the bytes are cut short or of the wrong wire type. */
export function readMessage(bytes: Uint8Array, type: MessageType): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const take = (length: number): number => {
    if (at + length > bytes.length) throw new Error(`protobuf: ${length} bytes wanted at ${at} of ${bytes.length}`);
    at += length;
    return at - length;
  };
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(take(1));
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error(`protobuf: a varint of more than ten bytes before ${at}`);
  };
  const readWire = (wire: number): bigint | Uint8Array => {
    if (wire === WIRE_VARINT) return readVarint();
    const length =
      wire === WIRE_FIXED64 ? 8 : wire === WIRE_FIXED32 ? 4 : wire === WIRE_LENGTH ? Number(readVarint()) : -1;
    if (length < 0) throw new Error(`protobuf: wire type ${wire} before ${at}`);
    const start = take(length);
    return bytes.subarray(start, start + length);
  };

  while (at < bytes.length) {
    const tag = Number(readVarint());
    const wire = tag & 7;
    const raw = readWire(wire);
    const field = type[tag >>> 3];
    if (!field) continue;
    const isLong = typeof field.type === 'function' || field.repeated === 'packed';
    const expected = isLong ? WIRE_LENGTH : WIRE_OF[field.type];
    if (wire !== expected) throw new Error(`protobuf: ${field.name} has wire type ${wire}, not ${expected}`);
    if (field.repeated === 'packed') {
      message[field.name] = readPacked(field.type as Scalar, raw as Uint8Array);
      continue;
    }
    const value =
      typeof field.type === 'function' ? readMessage(raw as Uint8Array, field.type()) : readScalar(field.type, raw);
    if (field.repeated) {
      const list = (message[field.name] ??= []) as unknown[];
      list.push(value);
    } else message[field.name] = value;
  }
  return message;
}

function readPacked(type: Scalar, raw: Uint8Array): unknown[] {
  return Array.from({ length: raw.length / 8 }, (_, index) => readScalar(type, raw.subarray(index * 8, index * 8 + 8)));
}

function readScalar(type: Scalar, raw: bigint | Uint8Array): unknown {
  if (typeof raw === 'bigint') {
    if (type === 'bool') return raw !== 0n;
    return type === 'int64' ? BigInt.asIntN(64, raw) : Number(raw);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (type === 'string') return strictUtf8.decode(raw);
  if (type === 'double') return view.getFloat64(0, true);
  if (type === 'fixed32') return view.getUint32(0, true);
  if (type === 'fixed64') return view.getBigUint64(0, true);
  if (type === 'sfixed64') return view.getBigInt64(0, true);
  return raw;
}
