import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { AuditStack } from './audit-stack.ts';
import { Daily } from './daily.ts';
import type { DataStack } from './data-stack.ts';
import { Door, type DoorProps } from './door.ts';
import { everyMinute } from './every-minute.ts';
import { GatewayLogRole } from './gateway-log-role.ts';
import { GatewayRefusals } from './gateway-refusals.ts';
import { HttpApi } from './http-api.ts';
import { OwnAlarm } from './own-alarm.ts';
import { PersonRole } from './person-role.ts';
import type { Settings } from './settings.ts';
import { SocketApi } from './socket-api.ts';

export interface MessagingStackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly audit: AuditStack;
}

/** The two APIs and the doors behind them. Holds no data: updated in place, so that its addresses never change. */
export class MessagingStack extends Stack {
  constructor(scope: Construct, id: string, { settings, data, audit }: MessagingStackProps) {
    super(scope, id, {
      description: 'The WebSocket API, the HTTP API and their functions',
      terminationProtection: settings.protect,
    });
    const { attachments, conversations, people, sessions, keys, signIn, logs, parked } = data;
    const { throttle, allowedOrigins } = settings;
    const door = (name: string, pace: DoorProps['pace']) => new Door(this, name, { pace, logs });

    const authorize = door('Authorize', 'gate');
    sessions.letRead(authorize);
    signIn.letVerify(authorize);
    authorize.tell(env.allowedOrigins, allowedOrigins.join(','));

    const connect = door('Connect', 'gate');

    const disconnect = door('Disconnect', 'gate');
    sessions.letForgetSocket(disconnect);

    const openSession = door('OpenSession', 'page');
    sessions.letAdmit(openSession);

    const renewSession = door('RenewSession', 'page');
    sessions.letAdmit(renewSession);
    signIn.letVerify(renewSession);

    const keepSession = door('KeepSession', 'gate');
    sessions.letAdmit(keepSession);

    const sweepSessions = door('SweepSessions', 'sweep');
    sessions.letSweep(sweepSessions);
    sessions.letRead(sweepSessions);
    sessions.letForgetSocket(sweepSessions);
    everyMinute(sweepSessions);

    const sendMessage = door('SendMessage', 'message');
    sessions.letAdmit(sendMessage);
    sessions.letFindSockets(sendMessage);
    conversations.letAppend(sendMessage);
    conversations.letJudgeAge(sendMessage);
    people.letReadMany(sendMessage); // whom a clinical photograph shows
    keys.letSeal(sendMessage);

    const catchUp = door('CatchUp', 'page');
    sessions.letAdmit(catchUp);
    conversations.letRead(catchUp);
    conversations.letJudgeAge(catchUp);
    keys.letOpen(catchUp);
    keys.letOpenByName(
      new PersonRole(this, 'AsPersonCatchUp', {
        door: catchUp,
        variable: env.emergencyRoleArn,
        description: 'Opens a conversation in the name of one person who broke the glass',
      }),
    );

    const sync = door('Sync', 'message'); // a reconnect waits for it, and it opens hundreds of bodies
    sessions.letAdmit(sync);
    people.letList(sync);
    conversations.letCompare(sync);
    conversations.letJudgeAge(sync);
    keys.letOpen(sync);

    const markRead = door('MarkRead', 'page');
    sessions.letAdmit(markRead);
    conversations.letRead(markRead);
    people.letMark(markRead);

    const unknownFrame = door('UnknownFrame', 'gate');
    sessions.letAdmit(unknownFrame);

    const createConversation = door('CreateConversation', 'page');
    sessions.letAdmit(createConversation);
    conversations.letBegin(createConversation);
    people.letJoin(createConversation);
    keys.letSeal(createConversation);

    const listConversations = door('ListConversations', 'page');
    sessions.letAdmit(listConversations);
    people.letList(listConversations);
    conversations.letCompare(listConversations);
    conversations.letJudgeAge(listConversations);
    keys.letOpen(listConversations);

    const readMessages = door('ReadMessages', 'page');
    sessions.letAdmit(readMessages);
    conversations.letRead(readMessages);
    conversations.letJudgeAge(readMessages);
    keys.letOpen(readMessages);
    keys.letOpenByName(
      new PersonRole(this, 'AsPersonRead', {
        door: readMessages,
        variable: env.emergencyRoleArn,
        description: 'Opens a conversation in the name of one person who broke the glass',
      }),
    );

    const changeMembers = door('ChangeMembers', 'page');
    sessions.letAdmit(changeMembers);
    sessions.letFindSockets(changeMembers);
    conversations.letChangeMembers(changeMembers);
    conversations.letJudgeAge(changeMembers);
    people.letJoin(changeMembers);
    people.letLeave(changeMembers);

    const endGrants = door('EndGrants', 'sweep');
    conversations.letEndMemberships(endGrants);
    conversations.letJudgeAge(endGrants);
    people.letLeave(endGrants);
    sessions.letForgetSocket(endGrants);
    sessions.letFindSockets(endGrants);
    everyMinute(endGrants);

    const openEmergency = door('OpenEmergency', 'message'); // somebody waits in an emergency
    sessions.letAdmit(openEmergency);
    sessions.letFindSockets(openEmergency);
    sessions.letSweep(openEmergency); // to find the privacy officers who are here
    conversations.letAppend(openEmergency);
    people.letReadMany(openEmergency); // whom its patients want kept out
    conversations.letJudgeAge(openEmergency);
    keys.letSeal(openEmergency);
    openEmergency.tell(env.emergencyExcludedSites, settings.emergency.excludedSites.join(','));

    const reviewEmergencies = door('ReviewEmergencies', 'page');
    sessions.letAdmit(reviewEmergencies);
    conversations.letReviewEmergencies(reviewEmergencies);
    keys.letSeal(reviewEmergencies);

    const watchEmergencies = door('WatchEmergencies', 'sweep');
    sessions.letSweep(watchEmergencies);
    sessions.letForgetSocket(watchEmergencies);
    conversations.letWatchEmergencies(watchEmergencies);
    everyMinute(watchEmergencies);
    new OwnAlarm(this, 'UnreviewedEmergencies', {
      metricName: 'UnreviewedEmergencies',
      alarms: audit.alarms,
    });

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
      new PersonRole(this, 'AsPersonExport', {
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

    const raiseHeads = door('RaiseHeads', 'page');
    conversations.onEntries(raiseHeads, parked);

    const shredConversation = door('ShredConversation', 'page');
    sessions.letAdmit(shredConversation);
    people.letApprove(shredConversation);
    conversations.letMarkShredded(shredConversation);
    keys.letShred(shredConversation);
    attachments.letShred(shredConversation);
    audit.signingKey.letSign(shredConversation);

    const destroyKeys = door('DestroyKeys', 'chore');
    keys.letDestroy(destroyKeys);
    keys.letSeal(destroyKeys); // a title lives on under a newer key
    conversations.letRetitle(destroyKeys);
    conversations.letCheckBeforeDestroying(destroyKeys);
    conversations.letJudgeAge(destroyKeys);
    new Daily(this, 'DestroyKeysDaily', { door: destroyKeys, hour: 3, parked });

    const changeRetention = door('ChangeRetention', 'page');
    sessions.letAdmit(changeRetention);
    people.letApprove(changeRetention);
    conversations.letSetRetention(changeRetention);

    const keepHolds = door('KeepHolds', 'page');
    sessions.letAdmit(keepHolds);
    conversations.letHold(keepHolds);
    people.letReadMany(keepHolds);
    people.letApprove(keepHolds);

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
      new PersonRole(this, 'AsPersonDownload', {
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
    new OwnAlarm(this, 'InfectedAttachments', { metricName: 'InfectedAttachments', alarms: audit.alarms });

    const makePreview = door('MakePreview', 'picture');
    conversations.letNotePreviews(makePreview);
    attachments.letPreview(makePreview);
    attachments.onFoundClean(makePreview, parked);

    const deleteAttachments = door('DeleteAttachments', 'sweep');
    conversations.letForgetAttachments(deleteAttachments);
    attachments.letDelete(deleteAttachments);
    attachments.letAbort(deleteAttachments);
    everyMinute(deleteAttachments);

    const restamp = door('Restamp', 'sweep');
    conversations.letRestamp(restamp);
    everyMinute(restamp);

    const { trail } = audit;
    const socketApi = new SocketApi(this, 'SocketApi', {
      logs,
      trail,
      throttle,
      authorize,
      connect,
      disconnect,
      frames: {
        'session.open': openSession,
        'session.renew': renewSession,
        'session.keep': keepSession,
        'message.send': sendMessage,
        'conversation.catch-up': catchUp,
        'conversation.mark-read': markRead,
        sync,
      },
      unknownFrame,
    });
    socketApi.letPush(sendMessage);
    socketApi.letPush(changeMembers);
    socketApi.letPush(markRead);
    socketApi.letPush(revokeSession);
    socketApi.letClose(revokeSession);
    for (const ending of [changePerson, recertify]) {
      socketApi.letPush(ending);
      socketApi.letClose(ending);
    }
    socketApi.letPush(endGrants);
    socketApi.letPush(openEmergency);
    socketApi.letPush(decideAmendments);
    socketApi.letPush(watchEmergencies);
    socketApi.letPush(recordScan);
    socketApi.letPush(sweepSessions);
    socketApi.letClose(sweepSessions);
    if (settings.apiGatewayLogRole === 'create')
      socketApi.waitFor(new GatewayLogRole(this, 'GatewayLogRole'));

    const httpApi = new HttpApi(this, 'HttpApi', {
      signIn,
      logs,
      trail,
      throttle,
      allowedOrigins,
      routes: {
        'POST /conversations': createConversation,
        'GET /conversations': listConversations,
        'GET /conversations/{conversationId}/messages': readMessages,
        'POST /conversations/{conversationId}/messages/{seq}/downloads': downloadAttachment,
        'POST /conversations/{conversationId}/attachments': uploadAttachment,
        'GET /conversations/{conversationId}/attachments/{attachmentId}': uploadAttachment,
        'POST /conversations/{conversationId}/attachments/{attachmentId}/parts': uploadAttachment,
        'POST /conversations/{conversationId}/attachments/{attachmentId}/completion': completeUpload,
        'POST /conversations/{conversationId}/members': changeMembers,
        'DELETE /conversations/{conversationId}/members/{person}': changeMembers,
        'POST /conversations/{conversationId}/emergency': openEmergency,
        'GET /admin/emergencies': reviewEmergencies,
        'POST /admin/emergencies/{emergencyId}/review': reviewEmergencies,
        'POST /admin/people/{person}/restrictions': restrictPatients,
        'POST /me/amendments': askAmendments,
        'GET /conversations/{conversationId}/amendments/{amendmentId}': askAmendments,
        'GET /admin/amendments': decideAmendments,
        'POST /admin/amendments/{amendmentId}/decision': decideAmendments,
        'GET /admin/exports': exportPatients,
        'POST /admin/exports': exportPatients,
        'POST /admin/exports/{exportId}/download': exportPatients,
        'GET /me': showMe,
        'GET /me/sessions': listSessions,
        'POST /admin/revocations': revokeSession,
        'POST /admin/shreds': shredConversation,
        'GET /admin/retention': changeRetention,
        'POST /admin/retention': changeRetention,
        'GET /admin/holds': keepHolds,
        'POST /admin/holds': keepHolds,
        'POST /admin/holds/{holdId}/release': keepHolds,
        'POST /admin/people': createPerson,
        'POST /admin/people/{person}/roles': changePerson,
        'POST /admin/people/{person}/disable': changePerson,
        'POST /admin/people/{person}/enable': changePerson,
        'GET /admin/people/{person}/sessions': listSessions,
        'POST /admin/recertifications': recertify,
        'GET /admin/recertifications/{quarter}': recertify,
        'POST /admin/recertifications/{quarter}/people/{person}': recertify,
      },
    });

    const recordGatewayRefusals = door('RecordGatewayRefusals', 'page');
    trail.letRecord(recordGatewayRefusals);
    const refusals = { door: recordGatewayRefusals };
    const { accessLog } = socketApi;
    new GatewayRefusals(this, 'SocketRefusals', { ...refusals, accessLog, authorizerRecords: true });
    new GatewayRefusals(this, 'HttpRefusals', {
      ...refusals,
      accessLog: httpApi.accessLog,
      authorizerRecords: false,
    });

    new CfnOutput(this, 'WebSocketUrl', { value: socketApi.url });
    new CfnOutput(this, 'HttpApiUrl', { value: httpApi.url });
    new CfnOutput(this, 'UserPoolId', { value: signIn.pool.userPoolId });
    new CfnOutput(this, 'UserPoolClientId', { value: signIn.client.userPoolClientId });
    new CfnOutput(this, 'Region', { value: this.region });
    new CfnOutput(this, 'SocketConnections', {
      value: socketApi.connections,
      description: 'Where open sockets are closed, for the operator: wardline users revoke',
    });
  }
}
