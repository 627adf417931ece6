import type { Construct } from 'constructs';
import type { AuditStack } from '../audit-stack.ts';
import type { DataStack } from '../data-stack.ts';
import type { Door, DoorProps } from '../door.ts';
import type { Settings } from '../settings.ts';

/**
 * What the doors of a room stand on. They are made in the stack's own scope, not in one of the room's: a construct's path is
 * in its logical id, and a door that moved from one room to another would be deleted and made anew.
 */
export interface Ground {
  readonly scope: Construct;
  /** Makes the door of this name, which can do nothing yet. */
  readonly door: (name: string, pace: DoorProps['pace']) => Door;
  readonly data: DataStack;
  readonly audit: AuditStack;
  readonly settings: Settings;
}
