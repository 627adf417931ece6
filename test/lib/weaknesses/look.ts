import type { Placed, Templates } from '../../fixtures/template.ts';

/** What makes one resource weaker than promised, one sentence each. */
export type Look = (resource: Placed, templates: Templates) => string[];

/** That it outlives its stack. */
export function isKept(resource: Placed): string[] {
  const { DeletionPolicy, UpdateReplacePolicy } = resource;
  return DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain' ? [] : ['goes with its stack'];
}
