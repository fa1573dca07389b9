// What many tests run: a program that calls the backend so many times, one call after the other, by `node:http`, which is cheaper to load than fetch.

export interface Calls {
  readonly calls: number;
  /** Of every call's URL: `token=…`. */
  readonly query: string;
  /** Code before the first call, and after the last. */
  readonly before?: string;
  readonly after?: string;
}

/** The text of a program for `node -e`; BACKEND is in its environment. */
export const createCalls = ({ calls, query, before = '', after = '' }: Calls): string => `
  (async () => {
    ${before}
    const { get } = require('node:http');
    const call = (url) => new Promise((resolve, reject) => get(url, (response) => response.resume().on('end', resolve)).on('error', reject));
    for (let i = 0; i < ${calls}; i++) await call(process.env.BACKEND + '/' + i + '?${query}');
    ${after}
  })();`;
