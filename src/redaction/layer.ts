// Every detector reads a layer: the text as it stands, or as it stands after some rounds of decoding, with the way back.

/** A text and, for each of its characters, the offset in the original text where that character came from. */
export interface Layer {
  readonly text: string;
  /** `map[i]` is the original offset of character `i`; `map[text.length]` is the original length. Absent: identity. */
  readonly map: Int32Array | undefined;
}

/** Says where character `index` of a layer begins in the original text. */
export function sourceAt(layer: Layer, index: number): number {
  return layer.map === undefined ? index : (layer.map[index] ?? 0);
}

/** Says how many original characters produced character `index`: 1 raw, 2 `\n`, 3 `%26`, 5 `%2526` or `&amp;`. */
export function widthAt(layer: Layer, index: number): number {
  return layer.map === undefined ? 1 : (layer.map[index + 1] ?? 0) - (layer.map[index] ?? 0);
}
