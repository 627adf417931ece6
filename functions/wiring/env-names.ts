/** The environment variables that the doors read; `lib/` sets each in the method that grants what it names. */
export const env = {
  conversationsTable: 'CONVERSATIONS_TABLE',
  peopleTable: 'PEOPLE_TABLE',
  sessionsTable: 'SESSIONS_TABLE',
  attachmentsBucket: 'ATTACHMENTS_BUCKET',
  attachmentsKeyArn: 'ATTACHMENTS_KEY_ARN',
  keysTable: 'KEYS_TABLE',
  organisationKeyArn: 'ORGANISATION_KEY_ARN',
  keysRecoveryDays: 'KEYS_RECOVERY_DAYS',
  userPoolId: 'USER_POOL_ID',
  userPoolClientId: 'USER_POOL_CLIENT_ID',
  signingKeyArn: 'SIGNING_KEY_ARN',
  socketCallbackUrl: 'SOCKET_CALLBACK_URL',
  idleMinutes: 'IDLE_MINUTES',
  signInHours: 'SIGN_IN_HOURS',
  retentionDays: 'RETENTION_DAYS',
  allowedOrigins: 'ALLOWED_ORIGINS',
} as const;
