// Used by run.ts and doctor: how a command line of a person is started.

/** A single text with blanks in it is a line for the shell: `tracing run 'npm run build && npm start'`. Windows starts npm by a shell alone. */
export function toStartOptions(command: string, args: readonly string[]): { readonly shell: boolean } {
  const isLine = args.length === 0 && /[\s;|&<>$]/.test(command);
  return { shell: isLine || process.platform === 'win32' };
}
