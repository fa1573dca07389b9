// Imported by main.tsx and by whatever draws on a canvas: light or dark, as the system has it or as one likes it. One attribute of the document says which.
import { computed, effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

export const theme = signal<Theme>(readTheme());

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(prefersDark.matches);
prefersDark.addEventListener('change', ({ matches }) => (systemIsDark.value = matches));
/** For what is drawn on a canvas, which CSS does not reach. */
export const isDark = computed(() => (theme.value === 'auto' ? systemIsDark.value : theme.value === 'dark'));
effect(() => {
  document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
});

function readTheme(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem('theme')) ?? 'auto';
  } catch {
    // A page that was opened from a file may have no storage.
    return 'auto';
  }
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
  try {
    localStorage.setItem('theme', theme.value);
  } catch {
    // Then for this page only.
  }
}
