import type { Clock } from '../clock.ts';
import type { StageDefinition, Throttle } from './definition.ts';

/**
 * What a stage lets through: one token bucket per route, its own where RouteSettings names it, else one of
 * DefaultRouteSettings' size (developer guide, "Throttle requests to your HTTP APIs / WebSocket APIs").
 */
export class StageThrottle {
  private readonly clock: Clock;
  private readonly stage: StageDefinition;
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(stage: StageDefinition, clock: Clock) {
    this.stage = stage;
    this.clock = clock;
  }

  /** Takes one request of the route; false means too many. */
  admits(routeKey: string): boolean {
    const throttle = this.stage.routeThrottles[routeKey] ?? this.stage.throttle;
    if (!throttle) return true;
    let bucket = this.buckets.get(routeKey);
    if (!bucket) {
      bucket = new TokenBucket(throttle, this.clock);
      this.buckets.set(routeKey, bucket);
    }
    return bucket.take();
  }
}

class TokenBucket {
  private readonly throttle: Throttle;
  private readonly clock: Clock;
  private tokens: number;
  private filledAt: number;

  constructor(throttle: Throttle, clock: Clock) {
    this.throttle = throttle;
    this.clock = clock;
    this.tokens = throttle.burst;
    this.filledAt = clock.now();
  }

  take(): boolean {
    const now = this.clock.now();
    const gained = ((now - this.filledAt) / 1000) * this.throttle.rate;
    this.tokens = Math.min(this.throttle.burst, this.tokens + gained);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
