import { attachmentBackups, backupAbilities } from '../abilities/backups.ts';
import { scannerAbilities } from '../abilities/scanner.ts';

/** Roles that AWS assumes itself. */
export const servicesOfAws: Readonly<Record<string, readonly string[]>> = {
  'GatewayLogRole/Policy': ['WriteGatewayLogs'],
  'CloudTrail/Policy': ['WriteTrailLog'],
  'Backups/Policy': Object.keys({
    ...backupAbilities('Backups', 'key Data', ['Conversations', 'People', 'Sessions']),
    ...attachmentBackups,
  }),
  'Attachments/Scanner/Policy': Object.keys(scannerAbilities),
  'KeyBackups/Policy': Object.keys(backupAbilities('KeyBackups', 'key Keys', ['Keys'])),
  'AuditBackups/Policy': Object.keys(backupAbilities('AuditBackups', 'key Audit', ['AuditTrail'])),
};
