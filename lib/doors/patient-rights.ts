import { env } from '../../functions/wiring/env-names.ts';
import { everyMinute } from '../every-minute.ts';
import { PersonRole } from '../person-role.ts';
import type { Ground } from './ground.ts';

/** What a patient may ask for: restrictions, amendments, and a copy of what is said of them. */
export function patientRightsDoors(ground: Ground) {
  const { scope, door } = ground;
  const { attachments, conversations, people, sessions, keys } = ground.data;

  const restrictPatients = door('RestrictPatients', 'page');
  sessions.letAdmit(restrictPatients);
  people.letRestrict(restrictPatients);

  const askAmendments = door('AskAmendments', 'page');
  sessions.letAdmit(askAmendments);
  conversations.letAskForAmendments(askAmendments);
  keys.letSeal(askAmendments);

  const decideAmendments = door('DecideAmendments', 'page');
  sessions.letAdmit(decideAmendments);
  sessions.letFindSockets(decideAmendments);
  conversations.letAppend(decideAmendments); // an amendment and its decision among them
  conversations.letJudgeAge(decideAmendments);
  keys.letSeal(decideAmendments);

  const exportPatients = door('ExportPatients', 'page');
  sessions.letAdmit(exportPatients);
  people.letApprove(exportPatients);
  conversations.letAskForExports(exportPatients);
  conversations.letJudgeExports(exportPatients);
  attachments.letHandOutExports(
    new PersonRole(scope, 'AsPersonExport', {
      door: exportPatients,
      variable: env.exportRoleArn,
      description: 'Fetches exports in the name of one person',
    }),
  );

  const buildExports = door('BuildExports', 'chore');
  conversations.letMakeExports(buildExports);
  people.letRead(buildExports);
  people.letList(buildExports);
  keys.letOpen(buildExports);
  attachments.letMakeExports(buildExports);
  everyMinute(buildExports);

  return { restrictPatients, askAmendments, decideAmendments, exportPatients };
}
