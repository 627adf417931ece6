/** Whoever wants to hear of something, until they no longer do. */
export class Listeners<T> {
  private readonly listening = new Set<(event: T) => void>();

  /** Calls `listener` for each event from now on; the answer ends that. */
  on(listener: (event: T) => void): () => void {
    this.listening.add(listener);
    return () => {
      this.listening.delete(listener);
    };
  }

  tell(event: T): void {
    for (const listener of this.listening) listener(event);
  }
}
