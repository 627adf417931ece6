import { bearerOf, signOutEverywhere } from './access.ts';
import { attributesOf } from './attributes.ts';
import { requiredText } from './input.ts';
import { mfaOf } from './mfa.ts';
import type { Cognito, Input, Outcome } from './pools.ts';

/** GetUser: the bearer themselves, with the attributes that their client may read. */
export async function getUser(cognito: Cognito, input: Input): Promise<Outcome> {
  const { client, user } = await bearerOf(cognito, requiredText(input, 'AccessToken'));
  const readable = attributesOf(user).filter(({ Name }) => Name === 'sub' || client.mayRead(Name));
  return { body: { Username: user.username, UserAttributes: readable, ...mfaOf(user) }, sub: user.sub };
}

/** GlobalSignOut: the bearer ends all of their own sign-ins. */
export async function globalSignOut(cognito: Cognito, input: Input): Promise<Outcome> {
  const { pool, user } = await bearerOf(cognito, requiredText(input, 'AccessToken'));
  signOutEverywhere(cognito, pool, user);
  cognito.file.save();
  return { body: {}, sub: user.sub };
}
