// The types that the option table gives; every other room imports them from here, as types.
import type { OptionInput, OptionValue } from './option.ts';
import type { options } from './options.ts';

type Options = typeof options;

/** The dotted name of an option, such as `url.redact.keys`. */
export type OptionKey = keyof Options;

/** The configuration as the program reads it: a flat, complete record by dotted name. */
export type Config = { readonly [K in OptionKey]: OptionValue<Options[K]> };

type Inputs = { [K in OptionKey]: OptionInput<Options[K]> };
type Head<K> = K extends `${infer H}.${string}` ? H : K;
type Tail<K, H extends string> = K extends `${H}.${infer R}` ? R : never;
type Below<T, H extends string> = { [K in keyof T as Tail<K, H>]: T[K] };
type Nested<T> = {
  readonly [H in Head<keyof T> & string]?:
    | (H extends keyof T ? T[H] : H extends 'instrumentations' ? Named<Below<T, H>> : Nested<Below<T, H>>)
    | undefined;
};
/** Names of packages have dots that are no levels: `socket.io`. */
type Named<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What a config file holds: every option nested by the dots of its name, all optional. */
export type TracingConfig = Nested<Inputs> & {
  /** Address of the JSON schema, for editors; the agent does not read it. */
  readonly $schema?: string | undefined;
};

/** Where a value came from. `file` is relative to the working directory if it lies inside it. */
export type Origin = 'default' | { readonly file: string; readonly line?: number } | { readonly variable: string };

/** Something in the configuration that is not as it should be. `message` is one line, without the `tracing:` prefix. */
export interface ConfigIssue {
  readonly level: 'warn' | 'info';
  readonly message: string;
  /** The option that is concerned, where one is. */
  readonly key?: string;
  readonly origin: Origin;
}
