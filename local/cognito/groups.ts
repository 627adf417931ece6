import { AwsError } from '../front-door/service.ts';
import { changeUser, summary, userOf } from './admin.ts';
import { attributesOf } from './attributes.ts';
import { optionalText, requiredText } from './input.ts';
import { pageOf } from './pages.ts';
import { type Cognito, type Input, type Outcome, type Pool, poolOf } from './pools.ts';
import { wholeNumber } from './properties.ts';
import type { Group, User } from './state.ts';

/** CreateGroup. */
export function createGroup(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const name = requiredText(input, 'GroupName');
  if (!/^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u.test(name))
    throw invalid(
      "1 validation error detected: Value at 'groupName' failed to satisfy constraint: " +
        'Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+',
    );
  if (groupNamed(pool, name))
    throw new AwsError('GroupExistsException', `A group with the name ${name} already exists.`);
  const now = cognito.clock.now();
  const group: Group = { name, ...settingsOf(input), createdAt: now, modifiedAt: now };
  pool.state.groups.set(name, group);
  cognito.file.save();
  return { body: { Group: described(pool, group) } };
}

/** UpdateGroup: what the input leaves out stays. */
export function updateGroup(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const before = groupOf(pool, input);
  const group: Group = { ...before, ...settingsOf(input), modifiedAt: cognito.clock.now() };
  pool.state.groups.set(group.name, group);
  cognito.file.save();
  return { body: { Group: described(pool, group) } };
}

/** DeleteGroup: its members stay, and lose the group with their next tokens. */
export function deleteGroup(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const { name } = groupOf(pool, input);
  pool.state.groups.delete(name);
  pool.templateGroups.delete(name);
  for (const user of pool.state.users.values()) user.groups = user.groups.filter((held) => held !== name);
  cognito.file.save();
  return { body: {} };
}

export function getGroup(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  return { body: { Group: described(pool, groupOf(pool, input)) } };
}

export function listGroups(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const all = new Map([...pool.templateGroups, ...pool.state.groups]);
  return groupPage(pool, [...all.values()], input);
}

export function adminAddUserToGroup(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (pool, user) => {
    user.groups = [...new Set([...user.groups, groupOf(pool, input).name])];
  });
}

export function adminRemoveUserFromGroup(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (pool, user) => {
    const { name } = groupOf(pool, input);
    user.groups = user.groups.filter((held) => held !== name);
  });
}

export function adminListGroupsForUser(cognito: Cognito, input: Input): Outcome {
  const { pool, user } = userOf(cognito, input);
  return { ...groupPage(pool, groupsOf(pool, user), input), sub: user.sub };
}

export function listUsersInGroup(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const { name } = groupOf(pool, input);
  const members = [...pool.state.users.values()].filter(({ groups }) => groups.includes(name));
  const { entries, next } = pageOf(members, input, 'NextToken');
  const Users = entries.map((user) => ({ ...summary(user), Attributes: attributesOf(user) }));
  return { body: { Users, ...(next !== undefined && { NextToken: next }) } };
}

/** The groups that a person is in, in the order in which they came into them. */
export function groupsOf(pool: Pool, user: User): readonly Group[] {
  return user.groups.map((name) => groupNamed(pool, name)).filter((group) => group !== undefined);
}

function groupNamed(pool: Pool, name: string): Group | undefined {
  return pool.state.groups.get(name) ?? pool.templateGroups.get(name);
}

function groupOf(pool: Pool, input: Input): Group {
  const group = groupNamed(pool, requiredText(input, 'GroupName'));
  if (!group) throw new AwsError('ResourceNotFoundException', 'Group not found.');
  return group;
}

function settingsOf(input: Input): Pick<Group, 'description' | 'precedence'> {
  const description = optionalText(input, 'Description');
  const precedence = input.Precedence === undefined ? undefined : wholeNumber(input.Precedence);
  if (input.Precedence !== undefined && (precedence === undefined || precedence < 0))
    throw invalid(
      `1 validation error detected: Value '${String(input.Precedence)}' at 'precedence' failed to satisfy constraint: ` +
        'Member must have value greater than or equal to 0',
    );
  return { ...(description && { description }), ...(precedence !== undefined && { precedence }) };
}

function groupPage(pool: Pool, groups: readonly Group[], input: Input): Outcome {
  const { entries, next } = pageOf(groups, input, 'NextToken');
  const Groups = entries.map((group) => described(pool, group));
  return { body: { Groups, ...(next !== undefined && { NextToken: next }) } };
}

function described(pool: Pool, group: Group): Readonly<Record<string, unknown>> {
  return {
    GroupName: group.name,
    UserPoolId: pool.settings.id,
    ...(group.description && { Description: group.description }),
    ...(group.precedence !== undefined && { Precedence: group.precedence }),
    CreationDate: group.createdAt / 1000,
    LastModifiedDate: group.modifiedAt / 1000,
  };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
