import { randomBytes } from 'node:crypto';
import type { ConversationId } from '../../protocol/ids.ts';
import { lengthPrefixed } from '../domain/entry.ts';
import { Fault } from '../domain/fault.ts';
import { Kept } from './kept.ts';
import { open, seal } from './seal.ts';

/** A wrapped key as it is stored; `under` is the epoch of the organisation key that wraps a conversation's key. */
export interface WrappedKey {
  readonly wrapped: Uint8Array;
  readonly under?: string;
}

/** The Keys table. `putIfAbsent` answers with whatever stands there afterwards. */
export interface WrappedKeys {
  conversationKey(conversationId: ConversationId, epoch: string): Promise<WrappedKey | undefined>;
  putConversationKey(conversationId: ConversationId, epoch: string, key: WrappedKey): Promise<WrappedKey>;
  organisationKey(epoch: string): Promise<WrappedKey | undefined>;
  putOrganisationKey(epoch: string, key: WrappedKey): Promise<WrappedKey>;
}

/** The key service: what wraps the organisation key. */
export interface KeyService {
  generate(epoch: string): Promise<{ readonly plain: Uint8Array; readonly wrapped: Uint8Array }>;
  unwrap(epoch: string, wrapped: Uint8Array): Promise<Uint8Array>;
}

/** A calendar month in UTC: a key's epoch ends with it, so that keys can be destroyed month by month. */
export function epochOf(at: number): string {
  return new Date(at).toISOString().slice(0, 'YYYY-MM'.length);
}

/**
 * Data keys by conversation and month, wrapped under the organisation's key of a month, which KMS wraps. One call of
 * KMS per environment and five minutes, however many conversations it meets.
 */
export class DataKeys {
  private readonly conversationKeys: Kept<Uint8Array>;
  private readonly organisationKeys: Kept<Uint8Array>;
  private readonly stored: WrappedKeys;
  private readonly service: KeyService;

  constructor(stored: WrappedKeys, service: KeyService, now: () => number) {
    this.stored = stored;
    this.service = service;
    this.conversationKeys = new Kept(now);
    this.organisationKeys = new Kept(now);
  }

  /** The key to open with. @throws where there is none: it was destroyed, or never made */
  toOpen(conversationId: ConversationId, epoch: string): Promise<Uint8Array> {
    return this.conversationKeys.get(`${conversationId}/${epoch}`, async () => {
      const found = await this.stored.conversationKey(conversationId, epoch);
      if (!found) throw new Fault(`there is no data key for conversation ${conversationId} in ${epoch}`);
      return this.unwrapped(conversationId, epoch, found);
    });
  }

  /** The key to seal with, made where this is the first message of its month. */
  toSeal(conversationId: ConversationId, epoch: string): Promise<Uint8Array> {
    return this.conversationKeys.get(`${conversationId}/${epoch}`, async () => {
      const found = await this.stored.conversationKey(conversationId, epoch);
      if (found) return this.unwrapped(conversationId, epoch, found);
      const organisationKey = await this.organisationKeyToSeal(epoch);
      const wrapped = seal(organisationKey, place(conversationId, epoch), randomBytes(32));
      const standing = await this.stored.putConversationKey(conversationId, epoch, { wrapped, under: epoch });
      return this.unwrapped(conversationId, epoch, standing);
    });
  }

  private async unwrapped(
    conversationId: ConversationId,
    epoch: string,
    key: WrappedKey,
  ): Promise<Uint8Array> {
    const organisationKey = await this.organisationKeyToOpen(key.under ?? epoch);
    return open(organisationKey, place(conversationId, epoch), key.wrapped);
  }

  private organisationKeyToOpen(epoch: string): Promise<Uint8Array> {
    return this.organisationKeys.get(epoch, async () => {
      const found = await this.stored.organisationKey(epoch);
      if (!found) throw new Fault(`there is no organisation key for ${epoch}`);
      return this.service.unwrap(epoch, found.wrapped);
    });
  }

  private organisationKeyToSeal(epoch: string): Promise<Uint8Array> {
    return this.organisationKeys.get(epoch, async () => {
      const found = await this.stored.organisationKey(epoch);
      if (found) return this.service.unwrap(epoch, found.wrapped);
      const made = await this.service.generate(epoch);
      const standing = await this.stored.putOrganisationKey(epoch, { wrapped: made.wrapped });
      return Buffer.from(standing.wrapped).equals(made.wrapped)
        ? made.plain
        : this.service.unwrap(epoch, standing.wrapped);
    });
  }
}

function place(conversationId: ConversationId, epoch: string): Uint8Array {
  return lengthPrefixed(['wardline.conversation-key.1', conversationId, epoch]);
}
