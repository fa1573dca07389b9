// What the loaders of config files hand over. Types only, so that read-file.ts can name them without loading YAML.

/** Something wrong with the text of a file, without its name and line. */
export interface FileIssue {
  readonly line: number | undefined;
  readonly text: string;
  /** It may concern the `url` section, so everything is hidden. */
  readonly hidesUrls: boolean;
}

/** The content of a config file, or the reason why there is none. */
export type LoadedFile =
  | {
      readonly path: string;
      readonly ok: true;
      readonly value: unknown;
      readonly issues: readonly FileIssue[];
      /** The line of the key or entry at a path, as near as it can be told; undefined in a module. */
      readonly lineOf: (path: readonly (string | number)[]) => number | undefined;
    }
  | { readonly path: string; readonly ok: false; readonly line: number | undefined; readonly reason: string };
