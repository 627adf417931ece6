/** Listeners by event. One that throws disturbs nobody else, and its error surfaces as an unhandled rejection. */
export class Events<Map extends object> {
  readonly #listeners: { [Name in keyof Map]?: Set<(event: Map[Name]) => void> } = {};

  /** Calls `listener` for each such event until the function it gives back is called. */
  on<Name extends keyof Map>(name: Name, listener: (event: Map[Name]) => void): () => void {
    let listeners = this.#listeners[name];
    if (!listeners) {
      listeners = new Set();
      this.#listeners[name] = listeners;
    }
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<Name extends keyof Map>(name: Name, event: Map[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        void Promise.reject(error);
      }
    }
  }
}
