import type { Ability } from './abilities/ability.ts';
import { onAttachments } from './abilities/attachments.ts';
import { attachmentBackups, backupAbilities } from './abilities/backups.ts';
import { onConversations } from './abilities/conversations.ts';
import { onKeysAndServices } from './abilities/keys-and-services.ts';
import { onOtherTables } from './abilities/other-tables.ts';
import { scannerAbilities } from './abilities/scanner.ts';
import { disjoint } from './disjoint.ts';

/** Everything that any role of this app may do on AWS, by the name its statement has in each policy. */
export const abilities: Readonly<Record<string, Ability>> = disjoint(
  onConversations,
  onOtherTables,
  onAttachments,
  onKeysAndServices,
  backupAbilities('Backups', 'key Data', ['Conversations', 'People', 'Sessions']),
  backupAbilities('KeyBackups', 'key Keys', ['Keys']),
  backupAbilities('AuditBackups', 'key Audit', ['AuditTrail']),
  attachmentBackups,
  scannerAbilities,
);
