// Decides once, at start, whether the console is coloured. The environment is passed in: only read-env.ts reads it.

/** What the decision rests on; an empty variable counts as unset. */
export interface ColorFacts {
  env: { NO_COLOR?: string | undefined; FORCE_COLOR?: string | undefined };
  option: 'auto' | 'always' | 'never';
  isTerminal: boolean;
}

/**
 * Returns whether to colour: FORCE_COLOR (`0` and `false` mean off), then NO_COLOR, then the option, then whether it is a terminal.
 * FORCE_COLOR beats NO_COLOR as in Node itself: https://nodejs.org/api/tty.html#writestreamgetcolordepthenv.
 */
export function decideColor({ env, option, isTerminal }: ColorFacts): boolean {
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR) return false;
  return option === 'auto' ? isTerminal : option === 'always';
}
