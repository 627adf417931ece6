import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AuditStack } from './audit-stack.ts';
import type { DataStack } from './data-stack.ts';
import { Door } from './door.ts';
import { attachmentDoors } from './doors/attachments.ts';
import { conversationDoors } from './doors/conversations.ts';
import { emergencyDoors } from './doors/emergencies.ts';
import { frameDoors } from './doors/frames.ts';
import type { Ground } from './doors/ground.ts';
import { patientRightsDoors } from './doors/patient-rights.ts';
import { peopleDoors } from './doors/people.ts';
import { restampDoor, retentionDoors } from './doors/retention.ts';
import { sessionDoors } from './doors/sessions.ts';
import { GatewayLogRole } from './gateway-log-role.ts';
import { GatewayRefusals } from './gateway-refusals.ts';
import { HttpApi } from './http-api.ts';
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
    const { signIn, logs } = data;
    const { throttle, allowedOrigins } = settings;
    const door: Ground['door'] = (name, pace) => new Door(this, name, { pace, logs });
    const ground: Ground = { scope: this, door, data, audit, settings };

    const sessions = sessionDoors(ground);
    const frames = frameDoors(ground);
    const conversations = conversationDoors(ground);
    const emergencies = emergencyDoors(ground);
    const patientRights = patientRightsDoors(ground);
    const people = peopleDoors(ground);
    const retention = retentionDoors(ground);
    const attachments = attachmentDoors(ground);
    restampDoor(ground);

    const { trail } = audit;
    const socketApi = new SocketApi(this, 'SocketApi', {
      logs,
      trail,
      throttle,
      authorize: sessions.authorize,
      connect: sessions.connect,
      disconnect: sessions.disconnect,
      frames: {
        'session.open': sessions.openSession,
        'session.renew': sessions.renewSession,
        'session.keep': sessions.keepSession,
        'message.send': frames.sendMessage,
        'conversation.catch-up': frames.catchUp,
        'conversation.mark-read': frames.markRead,
        sync: frames.sync,
      },
      unknownFrame: frames.unknownFrame,
    });
    const closing = [people.revokeSession, people.changePerson, people.recertify, sessions.sweepSessions];
    const pushing = [
      frames.sendMessage,
      frames.markRead,
      conversations.changeMembers,
      conversations.endGrants,
      emergencies.openEmergency,
      emergencies.watchEmergencies,
      patientRights.decideAmendments,
      attachments.recordScan,
      ...closing, // who is shut out is told why
    ];
    for (const pusher of pushing) socketApi.letPush(pusher);
    for (const closer of closing) socketApi.letClose(closer);
    if (settings.apiGatewayLogRole === 'create')
      socketApi.waitFor(new GatewayLogRole(this, 'GatewayLogRole'));

    const httpApi = new HttpApi(this, 'HttpApi', {
      signIn,
      logs,
      trail,
      throttle,
      allowedOrigins,
      routes: {
        'POST /conversations': conversations.createConversation,
        'GET /conversations': conversations.listConversations,
        'GET /conversations/{conversationId}/messages': conversations.readMessages,
        'POST /conversations/{conversationId}/messages/{seq}/downloads': attachments.downloadAttachment,
        'POST /conversations/{conversationId}/attachments': attachments.uploadAttachment,
        'GET /conversations/{conversationId}/attachments/{attachmentId}': attachments.uploadAttachment,
        'POST /conversations/{conversationId}/attachments/{attachmentId}/parts': attachments.uploadAttachment,
        'POST /conversations/{conversationId}/attachments/{attachmentId}/completion':
          attachments.completeUpload,
        'POST /conversations/{conversationId}/members': conversations.changeMembers,
        'DELETE /conversations/{conversationId}/members/{person}': conversations.changeMembers,
        'POST /conversations/{conversationId}/emergency': emergencies.openEmergency,
        'GET /admin/emergencies': emergencies.reviewEmergencies,
        'POST /admin/emergencies/{emergencyId}/review': emergencies.reviewEmergencies,
        'POST /admin/people/{person}/restrictions': patientRights.restrictPatients,
        'POST /me/amendments': patientRights.askAmendments,
        'GET /conversations/{conversationId}/amendments/{amendmentId}': patientRights.askAmendments,
        'GET /admin/amendments': patientRights.decideAmendments,
        'POST /admin/amendments/{amendmentId}/decision': patientRights.decideAmendments,
        'GET /admin/exports': patientRights.exportPatients,
        'POST /admin/exports': patientRights.exportPatients,
        'POST /admin/exports/{exportId}/download': patientRights.exportPatients,
        'GET /me': people.showMe,
        'GET /me/sessions': people.listSessions,
        'POST /admin/revocations': people.revokeSession,
        'POST /admin/shreds': retention.shredConversation,
        'GET /admin/retention': retention.changeRetention,
        'POST /admin/retention': retention.changeRetention,
        'GET /admin/holds': retention.keepHolds,
        'POST /admin/holds': retention.keepHolds,
        'POST /admin/holds/{holdId}/release': retention.keepHolds,
        'POST /admin/people': people.createPerson,
        'POST /admin/people/{person}/roles': people.changePerson,
        'POST /admin/people/{person}/disable': people.changePerson,
        'POST /admin/people/{person}/enable': people.changePerson,
        'GET /admin/people/{person}/sessions': people.listSessions,
        'POST /admin/recertifications': people.recertify,
        'GET /admin/recertifications/{quarter}': people.recertify,
        'POST /admin/recertifications/{quarter}/people/{person}': people.recertify,
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
