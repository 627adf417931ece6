import type { Figure } from './figures.ts';
import type { Asset } from './inventory.ts';
import type { JudgedSafeguard } from './judge.ts';
import type { Answer } from './live/ask.ts';
import type { NetworkMap } from './network-map.ts';
import type { Kept } from './rule-pack.ts';

/** `evidence.json`: everything that was looked at, and how it stands. */
export interface Evidence {
  readonly format: 'wardline-evidence-1';
  /** Which text of the Security Rule the deployment's settings say is binding. */
  readonly binding: 'current' | 'proposal-2025';
  readonly stacks: readonly string[];
  readonly templates: Readonly<Record<string, string>>;
  readonly safeguards: readonly JudgedSafeguard[];
  readonly rules: readonly Kept[];
  readonly answers: readonly Answer[];
  readonly figures: readonly Figure[];
}

/** What one pack is compared by with another. */
export interface Snapshot {
  readonly evidence: Evidence;
  readonly inventory: readonly Asset[];
  readonly map: NetworkMap;
}
