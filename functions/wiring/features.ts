/** What this deployment can do beyond the protocol's first version; clients ask by name and ignore what they do not know. */
export const features: readonly string[] = [
  'members',
  'sync',
  'inbox',
  'read-marks',
  'sign-out',
  'attachments',
  'emergency',
];
