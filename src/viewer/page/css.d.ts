// Vite takes style sheets into the page; for the types they are modules with nothing in them.
declare module '*.css';
