/** One frame of a WebSocket API or one request of an HTTP API, after it was dealt with. */
export interface TrafficRecord {
  readonly api: string;
  /** `$connect`, `order.place`, `GET /things/{id}`; `-` where no route was found. */
  readonly routeKey: string;
  readonly connectionId?: string;
  readonly traceId: string;
  readonly requestId: string;
  readonly functionArn?: string;
  readonly status: number;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Messages as API Gateway bills them: each begun 32 KB, both directions; 0 for HTTP and for connects. */
  readonly billedFrames: number;
}

export interface TrafficCounters {
  readonly requests: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly billedFrames: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const BILLED_UNIT = 32 * 1024;

/** How many messages a payload is billed as ("Amazon API Gateway pricing": metered in 32 KB increments). */
function billedUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BILLED_UNIT));
}

/** Adds up what an API carried. */
export class TrafficMeter {
  private counted = { requests: 0, framesIn: 0, framesOut: 0, billedFrames: 0, bytesIn: 0, bytesOut: 0 };

  request(bytesIn: number, bytesOut: number): void {
    this.counted.requests += 1;
    this.counted.bytesIn += bytesIn;
    this.counted.bytesOut += bytesOut;
  }

  frameIn(bytes: number): number {
    this.counted.framesIn += 1;
    this.counted.bytesIn += bytes;
    return this.bill(bytes);
  }

  frameOut(bytes: number): number {
    this.counted.framesOut += 1;
    this.counted.bytesOut += bytes;
    return this.bill(bytes);
  }

  counters(): TrafficCounters {
    return { ...this.counted };
  }

  private bill(bytes: number): number {
    const units = billedUnits(bytes);
    this.counted.billedFrames += units;
    return units;
  }
}
