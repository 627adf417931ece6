import type { Ground } from './ground.ts';

/** Who works here, in which roles, and how they are shut out. */
export function peopleDoors(ground: Ground) {
  const { door, audit } = ground;
  const { people, sessions, signIn } = ground.data;

  const showMe = door('ShowMe', 'page');
  sessions.letAdmit(showMe);

  const revokeSession = door('RevokeSession', 'message'); // until it has run, somebody reads who must not
  sessions.letAdmit(revokeSession);
  sessions.letEnd(revokeSession);
  people.letRead(revokeSession);
  signIn.letSignOut(revokeSession);
  audit.signingKey.letSign(revokeSession);

  const createPerson = door('CreatePerson', 'page');
  sessions.letAdmit(createPerson);
  people.letAdd(createPerson);
  signIn.letCreate(createPerson);

  const changePerson = door('ChangePerson', 'message'); // until it has run, somebody reads who must not
  sessions.letAdmit(changePerson);
  sessions.letEnd(changePerson);
  people.letChange(changePerson);
  signIn.letSignOut(changePerson);
  signIn.letDisable(changePerson);
  signIn.letEnable(changePerson);
  audit.signingKey.letSign(changePerson);

  const listSessions = door('ListSessions', 'page');
  sessions.letAdmit(listSessions);
  people.letRead(listSessions);

  const recertify = door('Recertify', 'page');
  sessions.letAdmit(recertify);
  sessions.letEnd(recertify);
  people.letRecertify(recertify);
  signIn.letSignOut(recertify);
  signIn.letDisable(recertify);
  audit.signingKey.letSign(recertify);

  return { showMe, revokeSession, createPerson, changePerson, listSessions, recertify };
}
