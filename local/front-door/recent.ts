/** The last `capacity` entries, oldest first. */
export class Recent<T> {
  private readonly capacity: number;
  private entries: T[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Adds an entry and gives those that had to go for it. */
  push(entry: T): readonly T[] {
    this.entries.push(entry);
    if (this.entries.length < this.capacity * 2) return [];
    const gone = this.entries.slice(0, -this.capacity);
    this.entries = this.entries.slice(-this.capacity);
    return gone;
  }

  values(): readonly T[] {
    return this.entries.slice(-this.capacity);
  }
}
