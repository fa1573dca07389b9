// Used by doctor, and by the test that holds docs/troubleshooting.md together with it: every cause there is.
import type { Cause } from './cause.ts';
import { configurationCauses } from './causes/configuration.ts';
import { otherCauses } from './causes/others.ts';
import { sendingCauses } from './causes/sending.ts';
import { startingCauses } from './causes/starting.ts';

/** The headings of the page, and the causes below each. */
export const sections: ReadonlyArray<readonly [heading: string, causes: readonly Cause[]]> = [
  ['How the program is started', startingCauses],
  ['Other tracing, and libraries', otherCauses],
  ['The configuration', configurationCauses],
  ['On the way to the receiver', sendingCauses],
];

/** All of them, in the order of the page. */
export const causes: readonly Cause[] = sections.flatMap(([, below]) => below);
