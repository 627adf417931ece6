/**
 * Makes `new Date()`, `Date()` and `Date.now()` tell the run's time: real time plus the shared offset.
 * @param {SharedArrayBuffer} shared one signed 64-bit count of milliseconds
 */
export function followClock(shared) {
  const offset = new BigInt64Array(shared);
  const realNow = Date.now;
  const now = () => realNow() + Number(Atomics.load(offset, 0));
  const clocked = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: (target) => new target(now()).toString(),
  });
  Object.defineProperty(Date, 'now', { value: { now }.now, writable: true, configurable: true });
  Date.prototype.constructor = clocked;
  globalThis.Date = clocked;
}
