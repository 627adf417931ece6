import { expect, test } from 'vitest';
import { readSettings, Settings } from '../../lib/settings.ts';

test('a deployment that chooses nothing gets safe defaults', () => {
  expect(readSettings('mine', {})).toEqual({
    name: 'Wardline',
    regulation: 'current',
    retentionDays: 2192,
    allowedOrigins: [],
    signIn: { plan: 'essentials', accessTokenMinutes: 15, refreshTokenHours: 12 },
    signOut: { idleMinutes: 15, idleMinutesByRole: {}, hours: 12 },
    attachments: { gibibytesPerPersonPerDay: 20, uploadsPerPersonPerDay: 2000 },
    emergency: { excludedSites: [] },
    throttle: { requestsPerSecond: 2000, burst: 2000 },
    logRetentionDays: 3653,
    timeZone: 'UTC',
    backupDays: 35,
    keysRecoveryDays: 7,
    auditRetentionDays: 2192,
    cloudTrailDataEvents: 'outsiders',
    apiGatewayLogRole: 'create',
    protect: true,
  });
});

test.each([
  [{ signIn: { accessTokenMinutes: 60 } }, 'signIn.accessTokenMinutes: must be at most 15 minutes'],
  [{ signIn: { refreshTokenHours: 13 } }, 'signIn.refreshTokenHours: must be at most 12 hours'],
  [{ signOut: { hours: 13 } }, 'signOut.hours: must be at most 12 hours'],
  [{ signOut: { idleMinutes: 0 } }, 'signOut.idleMinutes: must be at least 2 minutes'],
  [{ signOut: { idleMinutesByRole: { nobody: 5 } } }, 'signOut.idleMinutesByRole: '],
  [{ allowedOrigins: ['*'] }, 'allowedOrigins.0: must be an origin as browsers send it'],
  [{ allowedOrigins: ['https://a.example', 'https://b.example/'] }, 'allowedOrigins.1: must be an origin'],
  [{ allowedOrigins: ['http://app.example.org'] }, 'allowedOrigins.0: must be an origin'],
  [{ allowedOrigins: ['http://localhost:5173'] }, 'allowedOrigins.0: must be https where protect is true'],
  [
    { attachments: { gibibytesPerPersonPerDay: 4 } },
    'attachments.gibibytesPerPersonPerDay: must be at least 5 GiB',
  ],
  [{ attachments: { uploadsPerPersonPerDay: 0 } }, 'attachments.uploadsPerPersonPerDay: must be at least 1'],
  [{ emergency: { excludedSites: ['ward 5'] } }, 'emergency.excludedSites.0: must be 1 to 64 letters'],
  [{ retentionDays: 0.5 }, 'retentionDays: '],
  [{ auditRetentionDays: 2191 }, 'auditRetentionDays: must be at least 2192 days (six years'],
  [{ protect: false, auditRetentionDays: 0 }, 'auditRetentionDays: must be at least 1 day'],
  [{ keysRecoveryDays: 36 }, 'keysRecoveryDays: must be at most 35 days'],
  [{ logRetentionDays: 8 }, 'logRetentionDays: '],
  [{ name: 'my stack' }, 'name: must be 2 to 13 letters and digits'],
  [{ name: 'FourteenLetter' }, 'name: must be 2 to 13 letters and digits'],
  [{ regulation: 'proposal-2025', protect: false }, 'protect: must be true: what anybody may delete'],
  [{ regulation: 'proposal-2025', logRetentionDays: 365 }, 'logRetentionDays: must be at least 2192'],
  [{ regulation: 'proposal-2025', keysRecoveryDays: 2 }, 'keysRecoveryDays: must be at least 4'],
  [{ timeZone: "UTC'" }, 'timeZone: must be the name of a time zone'],
  [{ timeZone: 'America/Gotham' }, 'timeZone: must be the name of a time zone'],
  [{ regulation: 'hitrust' }, 'regulation: '],
  [{ retentionDay: 30 }, '(whole): '],
])('settings %j are refused with the field and the reason', (given, reason) => {
  expect(() => readSettings('mine', given)).toThrow(
    `the settings of deployment "mine" are refused:\n  ${reason}`,
  );
});

test('every wrong field is named at once, with the value seen', () => {
  expect(() => readSettings('mine', { retentionDays: 0, signIn: { accessTokenMinutes: 60 } })).toThrow(
    /retentionDays: must be at least 1 day \(given: 0\)\n.*signIn\.accessTokenMinutes: .* \(given: 60\)/,
  );
});

test('what only the proposal of 2025 refuses is a choice under the rule in force, and its defaults keep both', () => {
  for (const given of [{ protect: false }, { logRetentionDays: 365 }, { keysRecoveryDays: 2 }] as const)
    expect(readSettings('mine', given)).toMatchObject({ ...given, regulation: 'current' });
  expect(readSettings('mine', { regulation: 'proposal-2025' })).toMatchObject({
    regulation: 'proposal-2025',
  });
});

test('a page on localhost may connect to a throw-away deployment', () => {
  const given = { protect: false, allowedOrigins: ['http://localhost:5173'] };
  expect(readSettings('mine', given).allowedOrigins).toEqual(['http://localhost:5173']);
});

test('a throw-away deployment may keep its audit trail for days', () => {
  expect(readSettings('mine', { protect: false, auditRetentionDays: 7 }).auditRetentionDays).toBe(7);
});

test('every setting says what it is for', () => {
  for (const [name, field] of Object.entries({
    ...Settings.shape,
    ...Settings.shape.signIn.unwrap().shape,
    ...Settings.shape.signOut.unwrap().shape,
    ...Settings.shape.attachments.unwrap().shape,
    ...Settings.shape.emergency.unwrap().shape,
    ...Settings.shape.throttle.unwrap().shape,
  })) {
    if (!['signIn', 'signOut', 'attachments', 'emergency', 'throttle'].includes(name))
      expect.soft(field.description, name).toMatch(/.{20,}\.$/);
  }
});
