// Used by read-records.ts: OTLP values -> the JSON text that the store keeps. Integers are written as such and doubles with a dot or an
// exponent, so that write-otlp.ts can give every value back with its type.
import { isRecord, toList } from './hostile.ts';

/** Longer texts are cut: nobody reads them, and a browser has to lay them out. UTF-16 code units. */
export const MAX_TEXT = 65_536;
const MAX_DEPTH = 12;
/** More are not kept, of one span or value: no page could show them. */
export const MAX_ATTRIBUTES = 1_000;
/** Of a name. */
const MAX_KEY = 256;

/** Returns a JSON object of a list of KeyValue; of two attributes with one name the last counts. */
export function toAttributesText(attributes: unknown, depth = 0): string {
  let text = '';
  for (const [key, value] of toValueTexts(attributes, depth))
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${value}`;
  return `{${text}}`;
}

/** Returns the names and the values as two JSON lists: many spans have the same names. */
export function toColumns(attributes: unknown): { readonly keys: string; readonly values: string } {
  const texts = toValueTexts(attributes, 0);
  return { keys: JSON.stringify([...texts.keys()]), values: `[${[...texts.values()].join(',')}]` };
}

function toValueTexts(attributes: unknown, depth: number): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const attribute of toList(attributes)) {
    if (!isRecord(attribute) || typeof attribute['key'] !== 'string') continue;
    if (texts.size >= MAX_ATTRIBUTES) break;
    texts.set(attribute['key'].slice(0, MAX_KEY), toValueText(attribute['value'], depth));
  }
  return texts;
}

/** Returns the JSON of one AnyValue: `{"$bytes":"…"}` for bytes, `{"$int":"…"}` for integers that JavaScript cannot hold, null for none. */
export function toValueText(value: unknown, depth = 0): string {
  if (!isRecord(value)) return 'null';
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  if (typeof stringValue === 'string') return JSON.stringify(cutText(stringValue));
  if (typeof boolValue === 'boolean') return String(boolValue);
  if (intValue !== undefined) return toIntegerText(intValue);
  if (doubleValue !== undefined) return toDoubleText(doubleValue);
  if (typeof bytesValue === 'string') return JSON.stringify({ $bytes: cutText(bytesValue) });
  if (depth >= MAX_DEPTH) return '"…"';
  if (isRecord(arrayValue))
    return `[${toList(arrayValue['values'])
      .map((item) => toValueText(item, depth + 1))
      .join(',')}]`;
  if (isRecord(kvlistValue)) return toAttributesText(kvlistValue['values'], depth + 1);
  return 'null';
}

/** Returns the text, or its head and how long it was. */
export function cutText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${text.length} characters)`;
}

function toIntegerText(value: unknown): string {
  const text = String(value);
  if (!/^-?\d{1,20}$/.test(text)) return 'null';
  return Number.isSafeInteger(Number(text)) ? String(Number(text)) : `{"$int":"${text}"}`;
}

function toDoubleText(value: unknown): string {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number') return 'null';
  if (!Number.isFinite(number)) return `"${number}"`;
  const text = String(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
