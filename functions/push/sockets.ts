import {
  type ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { ServerFrame } from '../../protocol/frames.ts';
import type { Announcements, MarkAnnouncements } from '../domain/announcements.ts';
import type { EmergencyAnnouncements } from '../domain/emergency.ts';
import type { ScanAnnouncements } from '../domain/record-scan.ts';
import type { Sessions, Socket } from '../domain/session-record.ts';
import { emergencyAwaiting } from './emergency-frames.ts';
import { markedRead, messageNew } from './frames.ts';

/**
 * Frames out to open sockets, in parallel. A socket that is gone is forgotten; any other failure leaves the message
 * to the next catch-up, since a push is never authoritative, and is reported to `lost`.
 */
export function announcements(
  client: ApiGatewayManagementApiClient,
  sessions: Sessions,
  lost: (error: unknown) => void,
): Announcements & EmergencyAnnouncements & MarkAnnouncements & ScanAnnouncements {
  const post = async (socket: Socket, frame: ServerFrame) => {
    try {
      const Data = Buffer.from(JSON.stringify(frame), 'utf8');
      await client.send(new PostToConnectionCommand({ ConnectionId: socket.connectionId, Data }));
    } catch (error) {
      if (error instanceof GoneException)
        await sessions.forget(socket.person, socket.connectionId).catch(lost);
      else lost(error);
    }
  };

  return {
    announce: async (entry, to) => {
      await Promise.all(
        to.map((socket) => post(socket, messageNew(entry, { withRef: socket.person === entry.sender }))),
      );
    },

    announceScan: async (told, to) => {
      await Promise.all(to.map((socket) => post(socket, told)));
    },

    announceEmergency: async (emergency, isOverdue, to) => {
      await Promise.all(to.map((socket) => post(socket, emergencyAwaiting(emergency, isOverdue))));
    },

    announceMark: async (mark, to) => {
      await Promise.all(to.map((socket) => post(socket, markedRead(mark))));
    },
  };
}
