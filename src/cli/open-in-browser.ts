// Called for --open: the page in the person's own browser.
import { spawn } from 'node:child_process';

/** Opens an address in the way of the system; where there is no way, the printed link has to do. */
export function openInBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  const child = spawn(command ?? '', args, { stdio: 'ignore', detached: true });
  child.on('error', () => console.error('tracing: no browser could be opened; the link above is the page'));
  child.unref();
}
