// Used by what is drawn on a canvas: work that the frame which is due need not wait for.

/** Calls back when the next frame has been drawn, unless the function that it returns is called before. */
export function afterFrame(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const frame = requestAnimationFrame(() => (timer = setTimeout(work)));
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
