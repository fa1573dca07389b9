// Loaded by create-console.ts where something is shown: what a bundle of its own has of the console.
export { renderBanner } from './banner.ts';
export { createConsoleProcessor } from './console-processor.ts';
