/** Lets one thing happen at a time: who goes on is chosen by a list of numbers, so that it happens the same way again. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private readonly order: readonly number[];
  private taken = 0;

  constructor(order: readonly number[]) {
    this.order = order;
  }

  /** Resolves when it is this one's turn. */
  next(): Promise<void> {
    return new Promise((go) => this.waiting.push(go));
  }

  get count(): number {
    return this.waiting.length;
  }

  /** Picks among those who wait and `others` more; says which of the others it was, where it was one. */
  take(others: number): number | undefined {
    const number = this.order[this.taken % this.order.length] ?? 0;
    this.taken += 1;
    const place = (number + Math.floor(this.taken / this.order.length)) % (this.waiting.length + others);
    const [go] = place < this.waiting.length ? this.waiting.splice(place, 1) : [];
    go?.();
    return go ? undefined : place - this.waiting.length;
  }
}

/** Resolves when everything that can go on without a turn has gone on. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
