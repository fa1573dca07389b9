// A case that takes a whole process is dear. Of a long table of such cases `npm test` runs a few; with EVERY_CASE=1, as .ci/run sets it, all of them.

const isEveryCase = process.env['EVERY_CASE'] === '1';

/** All of the rows where every case is wanted; otherwise `few` of them, spread evenly from the first to the last. */
export function casesOf<T>(rows: readonly T[], few: number): readonly T[] {
  if (isEveryCase || few >= rows.length) return rows;
  const step = few === 1 ? 0 : (rows.length - 1) / (few - 1);
  const wanted = new Set(Array.from({ length: few }, (_, index) => Math.round(index * step)));
  return rows.filter((_, index) => wanted.has(index));
}

/** How much is repeated: rounds, random inputs. */
export const amountOf = (everything: number, few: number): number => (isEveryCase ? everything : few);
