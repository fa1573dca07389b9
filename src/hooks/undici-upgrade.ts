// Called by the undici instrumentation for an upgrade or a CONNECT: undici 6 and 7 publish nothing when it is answered.

type OnUpgrade = (statusCode: unknown, headers: unknown) => void;

/** What undici's internal Request calls when the connection is handed over: the first name in undici 6 and 7, the second in 8. */
const METHODS = ['onUpgrade', 'onRequestUpgrade'];

/** Lets `onUpgrade` see the answer before the program gets the connection. */
export function watchUpgrade(request: object, onUpgrade: OnUpgrade): void {
  for (const name of METHODS) {
    const original: unknown = Reflect.get(request, name);
    if (typeof original !== 'function') continue;
    const watched = {
      [name](this: unknown, ...args: unknown[]): unknown {
        onUpgrade(args[0], args[1]);
        return Reflect.apply(original, this, args);
      },
    }[name];
    Object.defineProperty(request, name, { value: watched, writable: true, configurable: true, enumerable: false });
  }
}
