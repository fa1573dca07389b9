// Called where an HTTP/2 stream or connection ends early: its reset code as a name.

/** RFC 9113, section 7, in the order of their numbers; the names are those that Node uses. */
const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

export const NO_ERROR = 0;
export const CANCEL = 8;

/** `NGHTTP2_REFUSED_STREAM` for 7; a code that nobody has defined is `_OTHER`. */
export function toResetName(code: number): string {
  const name = NAMES[code];
  return name === undefined ? '_OTHER' : `NGHTTP2_${name}`;
}
