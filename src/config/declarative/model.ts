// Read by to-options.ts: the model of an OpenTelemetry configuration file, which remembers what of it was asked for.
import { isPlainObject } from '../describe.ts';

type Step = string | number;

/** One node of the model. Everything below it that nobody takes has no effect. */
export class ModelNode {
  readonly #value: unknown;
  readonly #path: string;
  readonly #taken: Set<string>;

  constructor(value: unknown, path = '', taken: Set<string> = new Set()) {
    this.#value = value;
    this.#path = path;
    this.#taken = taken;
  }

  /** Whether the file has it, be it null or not. */
  has(name: string): boolean {
    return isPlainObject(this.#value) && Object.hasOwn(this.#value, name);
  }

  /** A node below; one that is not there has nothing. */
  at(step: Step): ModelNode {
    return new ModelNode(this.#read(step), this.#path === '' ? String(step) : `${this.#path}.${step}`, this.#taken);
  }

  /** The entries of a list. */
  list(): readonly ModelNode[] {
    return Array.isArray(this.#value) ? this.#value.map((_, index) => this.at(index)) : [];
  }

  /** The names of what is here. */
  names(): readonly string[] {
    return isPlainObject(this.#value) ? Object.keys(this.#value) : [];
  }

  /** The value and all below it; undefined for null, as for what is not there. */
  take(): unknown {
    this.#taken.add(this.#path);
    return this.#value ?? undefined;
  }

  /** The value, without taking it. */
  peek(): unknown {
    return this.#value;
  }

  /** The paths of what is said here and was not taken, as near to the top as can be. */
  idle(): readonly string[] {
    if (this.#taken.has(this.#path) || this.#value === undefined) return [];
    const isTouched = [...this.#taken].some((taken) => this.#path === '' || taken.startsWith(`${this.#path}.`));
    if (!isTouched) return this.#value === null ? [] : [this.#path];
    const steps: readonly Step[] = Array.isArray(this.#value) ? this.#value.map((_, index) => index) : this.names();
    return steps.flatMap((step) => this.at(step).idle());
  }

  #read(step: Step): unknown {
    if (Array.isArray(this.#value)) return this.#value[Number(step)];
    return isPlainObject(this.#value) && Object.hasOwn(this.#value, step) ? this.#value[step] : undefined;
  }
}
