/** Abilities that several doors have together: who records decisions, admits callers, opens and seals, deletes, ends sessions. */
export const recording = ['RecordDecisions', 'ReadTablesUnderAuditKey', 'WriteTablesUnderAuditKey'];
export const admitted = [
  ...recording,
  'WriteOwnLog',
  'AdmitCaller',
  'ReadTablesUnderDataKey',
  'WriteTablesUnderDataKey',
];
export const openingByName = ['ReadNamedDataKeys', 'ReadTablesUnderKeysKey', 'UnwrapOrganisationKey'];
export const opening = ['ReadDataKeys', 'ReadTablesUnderKeysKey', 'UnwrapOrganisationKey'];
export const sealing = [...opening, 'KeepNewDataKeys', 'WriteTablesUnderKeysKey', 'MakeOrganisationKey'];

export const deletingAttachments = ['FindAttachments', 'DeleteAttachments', 'FindUploads', 'AbortUploads'];

export const endingSessions = [
  'EndSessions',
  'ReadPerson',
  'SignOutEverywhere',
  'SignReceipts',
  'PushToSockets',
  'CloseSockets',
];
