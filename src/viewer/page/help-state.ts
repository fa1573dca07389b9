// Whether the help is open; apart from help.tsx, which keys.ts need not know.
import { signal } from '@preact/signals';

export const isHelpOpen = signal(false);

export function toggleHelp(): void {
  isHelpOpen.value = !isHelpOpen.value;
}
