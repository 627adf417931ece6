import { env } from '../../functions/wiring/env-names.ts';
import { everyMinute } from '../every-minute.ts';
import { OwnAlarm } from '../own-alarm.ts';
import { PersonRole } from '../person-role.ts';
import type { Ground } from './ground.ts';

/** Files: sent, scanned, shown, fetched and deleted. */
export function attachmentDoors(ground: Ground) {
  const { scope, door, audit } = ground;
  const { attachments, conversations, sessions, parked } = ground.data;

  const uploadAttachment = door('UploadAttachment', 'page');
  sessions.letAdmit(uploadAttachment);
  conversations.letBeginUploads(uploadAttachment);
  attachments.letUpload(uploadAttachment);

  const completeUpload = door('CompleteUpload', 'page');
  sessions.letAdmit(completeUpload);
  conversations.letCompleteUploads(completeUpload);
  attachments.letComplete(completeUpload);

  const downloadAttachment = door('DownloadAttachment', 'page');
  sessions.letAdmit(downloadAttachment);
  conversations.letRead(downloadAttachment);
  conversations.letJudgeAge(downloadAttachment);
  attachments.letDownload(
    new PersonRole(scope, 'AsPersonDownload', {
      door: downloadAttachment,
      variable: env.downloadRoleArn,
      description: 'Fetches attachments in the name of one person',
    }),
  );

  const recordScan = door('RecordScan', 'page');
  sessions.letForgetSocket(recordScan);
  sessions.letFindSockets(recordScan);
  conversations.letNoteAttachments(recordScan);
  audit.trail.letRecord(recordScan);
  attachments.onScanned(recordScan, parked);
  new OwnAlarm(scope, 'InfectedAttachments', { metricName: 'InfectedAttachments', alarms: audit.alarms });

  const makePreview = door('MakePreview', 'picture');
  conversations.letNotePreviews(makePreview);
  attachments.letPreview(makePreview);
  attachments.onFoundClean(makePreview, parked);

  const deleteAttachments = door('DeleteAttachments', 'sweep');
  conversations.letForgetAttachments(deleteAttachments);
  attachments.letDelete(deleteAttachments);
  attachments.letAbort(deleteAttachments);
  everyMinute(deleteAttachments);

  return { uploadAttachment, completeUpload, downloadAttachment, recordScan };
}
