import type { ConversationId } from '../../protocol/ids.ts';
import type { DestructionCertificate } from '../../protocol/requests.ts';
import { type ApprovingRooms, type Awaiting, secondPerson } from './approvals.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { seeHolds, unheld } from './held.ts';
import { allow, refuse } from './policy.ts';
import { type ShreddingRooms, shredConversation } from './shred-conversation.ts';

export type Shredding =
  | { readonly state: 'destroyed'; readonly certificate: DestructionCertificate }
  | Awaiting;

/**
 * Destroys a conversation when a second privacy officer asks for the same within a day. One that is destroyed already is
 * answered with its certificate, whoever asks.
 *
 * @throws Refusal `not-allowed`, `unknown-conversation`, `on-hold`
 */
export async function askToShred(
  rooms: ShreddingRooms & ApprovingRooms,
  admitted: Promise<Caller>,
  conversationId: ConversationId,
): Promise<Decided<Shredding>> {
  const [caller, head] = await Promise.all([admitted, rooms.log.head(conversationId)]);
  const decision = allow('conversation.shred', caller, { conversationId, head });
  if (!head) throw refuse(decision, 'known-conversation', 'unknown-conversation');
  const kept = head.shreddedAt !== undefined && (await rooms.records.certificateOf(conversationId));
  if (kept) return { decision, value: { state: 'destroyed', certificate: kept } };
  const isDecided = head.shreddedAt !== undefined; // what is left of it asks no hold
  if (!isDecided && !unheld(await seeHolds(rooms.holds), head)) throw refuse(decision, 'no-hold', 'on-hold');

  const approval = await secondPerson(rooms, caller, decision);
  if (approval.state === 'awaiting-second-person') return { decision, value: approval };
  const { requestedBy, approvedBy, request } = approval;
  const certificate = await shredConversation(rooms, { conversationId, requestedBy, approvedBy });
  if (certificate === 'unknown-conversation') throw refuse(decision, 'known-conversation', certificate);
  if (certificate === 'on-hold') throw refuse(decision, 'no-hold', certificate);
  await rooms.requests.close(request);
  return { decision, value: { state: 'destroyed', certificate } };
}
