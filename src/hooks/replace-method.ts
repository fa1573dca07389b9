// Called by instrumentations/libraries to put a function in front of a library's method.

type Method = (this: never, ...args: never[]) => unknown;

const replaced = new WeakSet<object>();

/**
 * Exchanges `target[name]` for what `make` makes of it; name and length stay. Does nothing where there is no such method, or where it is done.
 * @note Several copies of a library may share a prototype, and a module can be met by more than one name.
 */
export function replaceMethod<M extends Method>(target: unknown, name: string, make: (original: M) => M): void {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return;
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== 'function' || replaced.has(original)) return;
  // The caller states the shape of the library's method.
  const method = make(original as M);
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(method, property, { value: original[property], configurable: true });
  }
  replaced.add(method);
  const { enumerable = true } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  Object.defineProperty(target, name, { value: method, writable: true, configurable: true, enumerable });
}
