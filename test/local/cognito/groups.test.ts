import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AdminAddUserToGroupCommand,
  AdminListGroupsForUserCommand,
  AdminRemoveUserFromGroupCommand,
  CreateGroupCommand,
  DeleteGroupCommand,
  GetGroupCommand,
  ListGroupsCommand,
  ListUsersInGroupCommand,
  UpdateGroupCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { type Clinic, openClinic, POOL_ID, resource } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';
const ANA = { UserPoolId: POOL_ID, Username: 'ana' };
const WARD = { UserPoolId: POOL_ID, GroupName: 'ward-3' };

test('groups of the template and groups made by a call reach both tokens, and leave them again', async () => {
  const clinic = await openClinic();
  templateGroup(clinic, 'ward-3');
  await clinic.sdk.send(new CreateGroupCommand({ UserPoolId: POOL_ID, GroupName: 'nurses', Precedence: 2 }));
  const { secret, tokens: before } = await clinic.enrol('ana', PASSWORD);
  expect(groupsIn(before)).toEqual([undefined, undefined]);

  for (const GroupName of ['ward-3', 'nurses', 'nurses'])
    await clinic.sdk.send(new AdminAddUserToGroupCommand({ ...ANA, GroupName }));
  const both = ['ward-3', 'nurses'];
  expect(groupsIn(await clinic.signIn('ana', PASSWORD, secret))).toEqual([both, both]);

  await clinic.sdk.send(new AdminRemoveUserFromGroupCommand({ ...ANA, GroupName: 'ward-3' }));
  expect(groupsIn(await clinic.signIn('ana', PASSWORD, secret))).toEqual([['nurses'], ['nurses']]);
  const nurses = { UserPoolId: POOL_ID, GroupName: 'nurses' };
  await clinic.sdk.send(new DeleteGroupCommand(nurses));
  await clinic.sdk.send(new CreateGroupCommand(nurses)); // another group, though of that name
  expect(groupsIn(await clinic.signIn('ana', PASSWORD, secret))).toEqual([undefined, undefined]);
});

test('groups, their members and the groups of a person are listed in pages', async () => {
  const clinic = await openClinic();
  templateGroup(clinic, 'ward-3');
  const made = await clinic.sdk.send(
    new CreateGroupCommand({ UserPoolId: POOL_ID, GroupName: 'nurses', Description: 'all of them' }),
  );
  expect(made.Group).toMatchObject({ GroupName: 'nurses', UserPoolId: POOL_ID, Description: 'all of them' });
  for (const Username of ['ana', 'ben', 'bea']) {
    await clinic.create(Username, PASSWORD);
    await clinic.sdk.send(new AdminAddUserToGroupCommand({ ...WARD, Username }));
  }
  const first = await clinic.sdk.send(new ListUsersInGroupCommand({ ...WARD, Limit: 2 }));
  const second = await clinic.sdk.send(new ListUsersInGroupCommand({ ...WARD, NextToken: first.NextToken }));
  const names = [first, second].map(({ Users }) => Users?.map(({ Username }) => Username));
  expect(names).toEqual([['ana', 'ben'], ['bea']]);
  const { Groups } = await clinic.sdk.send(new ListGroupsCommand({ UserPoolId: POOL_ID }));
  expect(Groups?.map(({ GroupName }) => GroupName)).toEqual(['ward-3', 'nurses']);
  const held = await clinic.sdk.send(new AdminListGroupsForUserCommand(ANA));
  expect(held.Groups?.map(({ GroupName }) => GroupName)).toEqual(['ward-3']);
  const changed = await clinic.sdk.send(new UpdateGroupCommand({ ...WARD, Precedence: 1 }));
  expect(changed.Group).toMatchObject({ GroupName: 'ward-3', Precedence: 1 });
});

test('a group is made once, under a name of its own, and must be there to be joined', async () => {
  const { sdk, create } = await openClinic();
  await create('ana', PASSWORD);
  await sdk.send(new CreateGroupCommand(WARD));
  await expect(sdk.send(new CreateGroupCommand(WARD))).rejects.toMatchObject({
    name: 'GroupExistsException',
  });
  await expect(sdk.send(new CreateGroupCommand({ ...WARD, GroupName: 'with space' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  const missing = { name: 'ResourceNotFoundException', message: 'Group not found.' };
  const other = { ...ANA, GroupName: 'elsewhere' };
  await expect(sdk.send(new AdminAddUserToGroupCommand(other))).rejects.toMatchObject(missing);
  await expect(sdk.send(new GetGroupCommand(other))).rejects.toMatchObject(missing);
  await expect(
    sdk.send(new AdminAddUserToGroupCommand({ ...WARD, Username: 'nobody' })),
  ).rejects.toMatchObject({ name: 'UserNotFoundException' });
});

test('groups made by a call and their members survive a restart, and the trail names the group alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'groups-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const stateFile = join(folder, 'pools.json');
  const before = await openClinic({ stateFile });
  await before.create('ana-of-ward-3', PASSWORD);
  await before.sdk.send(new CreateGroupCommand({ ...WARD, Description: 'the third' }));
  await before.sdk.send(new AdminAddUserToGroupCommand({ ...WARD, Username: 'ana-of-ward-3' }));
  expect(before.trail.at(-1)).toMatchObject({
    readOnly: false,
    requestParameters: {
      groupName: 'ward-3',
      userPoolId: POOL_ID,
      username: expect.stringMatching(/^HIDDEN/),
    },
  });

  const after = await openClinic({ stateFile });
  const { Users } = await after.sdk.send(new ListUsersInGroupCommand(WARD));
  expect(Users?.map(({ Username }) => Username)).toEqual(['ana-of-ward-3']);
  const { Group } = await after.sdk.send(new GetGroupCommand(WARD));
  expect(Group?.Description).toBe('the third');
  expect(after.trail.map(({ readOnly }) => readOnly)).toEqual([true, true]);
  expect(JSON.stringify([before.trail, after.trail])).not.toContain('ana-of-ward-3');
});

function templateGroup({ service }: Clinic, GroupName: string) {
  service.addGroup(resource('AWS::Cognito::UserPoolGroup', 'Group', 'g', { GroupName, UserPoolId: POOL_ID }));
}

function groupsIn(tokens: { AccessToken: string; IdToken: string }) {
  return [tokens.AccessToken, tokens.IdToken].map((token) => decodeJwt(token)['cognito:groups']);
}
