import type { RefusalCode } from '../../protocol/refusals.ts';
import type { Decision } from './decision.ts';

/** Thrown by the domain for what is not carried out; the doors' wiring turns it into a frame or an HTTP answer. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly decision: Decision;

  constructor(code: RefusalCode, decision: Decision) {
    super(code);
    this.name = 'Refusal';
    this.code = code;
    this.decision = decision;
  }
}
