import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { PersonId } from '../../protocol/ids.ts';
import { Fault } from '../domain/fault.ts';

/** What an AWS client signs with, of a session that says for whom it works. */
export interface PersonCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The shortest session that STS gives (STS API reference, AssumeRole). */
const SESSION_SECONDS = 900;
/** What is signed at the end of a session, an address of a minute say, must not end before its time. */
const UNUSED_MS = 2 * 60_000;
/** People whom one environment remembers; whoever was not there longest goes first. */
const MOST_PEOPLE = 200;

/**
 * Makes something of a session of `roleArn` for each person, whom AWS's own record then names: STS's source identity, which
 * nobody can change afterwards. A session is asked for once and used for 13 minutes, so it is one call more for each person and
 * environment in that time. What `make` gives is kept as long as the session. Rejects with the error of STS.
 */
export function asPerson<T>(
  { roleArn, now }: { readonly roleArn: string; readonly now: () => number },
  make: (credentials: PersonCredentials) => T,
): (person: PersonId) => Promise<T> {
  const sts = new STSClient();
  const sessions = new Map<PersonId, { readonly made: T; readonly until: number }>();

  return async (person) => {
    const kept = sessions.get(person);
    sessions.delete(person);
    if (kept && kept.until > now()) {
      sessions.set(person, kept);
      return kept.made;
    }
    const credentials = await sessionFor(sts, roleArn, person);
    const made = make(credentials);
    sessions.set(person, { made, until: credentials.expiration.getTime() - UNUSED_MS });
    const [oldest] = sessions.keys();
    if (sessions.size > MOST_PEOPLE && oldest !== undefined) sessions.delete(oldest);
    return made;
  };
}

async function sessionFor(sts: STSClient, RoleArn: string, person: PersonId): Promise<PersonCredentials> {
  const { Credentials: issued } = await sts.send(
    new AssumeRoleCommand({
      ...{ RoleArn, RoleSessionName: person, SourceIdentity: person, DurationSeconds: SESSION_SECONDS },
    }),
  );
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = issued ?? {};
  const { SessionToken: sessionToken, Expiration: expiration } = issued ?? {};
  if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration)
    throw new Fault('STS gave a session without its credentials');
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}
