// Used by the spool: the names of its files say all that is decided without opening one, so that ten thousand are looked through by one listing.

/** A file of the spool, as its name tells. */
export interface SpoolFile {
  /** Without what a claim adds to it. */
  readonly base: string;
  /** When the batch was put there, in milliseconds of the clock of then. */
  readonly createdMillis: number;
  /** How many spans, or log records, it holds. */
  readonly items: number;
  /** Of the whole file. */
  readonly bytes: number;
  /** Whom the batch is meant for. */
  readonly key: string;
}

/** What a process does with a file: it writes it, or it sends it. */
export interface Hold {
  readonly doing: 'writing' | 'sending';
  readonly owner: string;
  readonly sinceMillis: number;
}

let count = 0;

/** A name that no other process, and no other thread of this one, gives. Names sort by age. */
export function toName(file: Omit<SpoolFile, 'base'>, owner: string): string {
  const created = String(file.createdMillis).padStart(15, '0');
  const number = String(count++ % 1_000_000).padStart(6, '0');
  return `${created}-${number}-${owner}-${file.items}-${file.bytes}-${file.key}.batch`;
}

/** The name of a file while somebody holds it. */
export function toHeldName(base: string, { doing, owner, sinceMillis }: Hold): string {
  return `${base}.${doing}-${sinceMillis}-${owner}`;
}

/** Without names for its groups, which would be an object for each of ten thousand names. */
const NAME =
  /^((\d{15})-\d{6}-[\w.]+-(\d{1,15})-(\d{1,15})-([\da-z]+)\.batch)(?:\.(writing|sending)-(\d{1,15})-([\w.]+))?$/;

/** Undefined for a name that the spool does not give. */
export function readName(name: string): { readonly file: SpoolFile; readonly hold: Hold | undefined } | undefined {
  const [, base, created, items, bytes, key, doing, since, owner] = NAME.exec(name) ?? [];
  if (base === undefined || key === undefined) return undefined;
  const file = { base, createdMillis: Number(created), items: Number(items), bytes: Number(bytes), key };
  if (owner === undefined) return { file, hold: undefined };
  return {
    file,
    hold: { doing: doing === 'writing' ? 'writing' : 'sending', owner, sinceMillis: Number(since) },
  };
}
