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

/**
 * The Keys table. `putIfAbsent` answers with whatever stands there afterwards.
 *
 * @throws KeyDestroyed from every method, where the key was, or the whole conversation
 */
export interface WrappedKeys {
  conversationKey(conversationId: ConversationId, epoch: string): Promise<WrappedKey | undefined>;
  putConversationKey(conversationId: ConversationId, epoch: string, key: WrappedKey): Promise<WrappedKey>;
  organisationKey(epoch: string): Promise<WrappedKey | undefined>;
  putOrganisationKey(epoch: string, key: WrappedKey): Promise<WrappedKey>;
}

/** The key service: what wraps the organisation key. Plain keys are the caller's own, who overwrites them. */
export interface KeyService {
  generate(epoch: string): Promise<{ readonly plain: Uint8Array; readonly wrapped: Uint8Array }>;
  unwrap(epoch: string, wrapped: Uint8Array): Promise<Uint8Array>;
}

/** What is done with a plain key: the key is overwritten when its time has come, so it must not leave. */
type Work<T> = (key: Uint8Array) => T;

/**
 * Data keys by conversation and month, wrapped under the organisation's key of that month, which KMS wraps. A new month
 * has new keys and wraps nothing anew. One call of KMS per environment, month that it opens and five minutes, however
 * many conversations it meets.
 */
export class DataKeys {
  private readonly conversationKeys: Kept;
  private readonly organisationKeys: Kept;
  private readonly stored: WrappedKeys;
  private readonly service: KeyService;

  constructor(stored: WrappedKeys, service: KeyService, now: () => number) {
    this.stored = stored;
    this.service = service;
    this.conversationKeys = new Kept(now);
    this.organisationKeys = new Kept(now);
  }

  /**
   * Does `work` with the key to open with.
   *
   * @throws KeyDestroyed; Fault where a key is missing that nobody destroyed
   */
  toOpen<T>(conversationId: ConversationId, epoch: string, work: Work<T>): Promise<T> {
    const unwrap = async () => {
      const found = await this.stored.conversationKey(conversationId, epoch);
      if (!found) throw new Fault(`there is no data key for conversation ${conversationId} in ${epoch}`);
      return this.unwrapped(conversationId, epoch, found);
    };
    return this.conversationKeys.use(`${conversationId}/${epoch}`, unwrap, work);
  }

  /**
   * Does `work` with the key to seal with, made where this is the first message of its month.
   *
   * @throws KeyDestroyed
   */
  toSeal<T>(conversationId: ConversationId, epoch: string, work: Work<T>): Promise<T> {
    const unwrapOrMake = async () => {
      const found = await this.stored.conversationKey(conversationId, epoch);
      return this.unwrapped(conversationId, epoch, found ?? (await this.made(conversationId, epoch)));
    };
    return this.conversationKeys.use(`${conversationId}/${epoch}`, unwrapOrMake, work);
  }

  /** Overwrites every plain key that is kept, before its time. */
  forget(): void {
    this.conversationKeys.dropAll();
    this.organisationKeys.dropAll();
  }

  /** Makes a key and gives what stands then: another environment may have been faster. */
  private async made(conversationId: ConversationId, epoch: string): Promise<WrappedKey> {
    const plain = randomBytes(32);
    const wrapped = await this.organisationKeys.use(
      epoch,
      () => this.organisationKeyToSeal(epoch),
      (organisationKey) => seal(organisationKey, place(conversationId, epoch), plain),
    );
    plain.fill(0);
    return this.stored.putConversationKey(conversationId, epoch, { wrapped, under: epoch });
  }

  private unwrapped(conversationId: ConversationId, epoch: string, key: WrappedKey): Promise<Uint8Array> {
    const under = key.under ?? epoch;
    return this.organisationKeys.use(
      under,
      () => this.organisationKeyToOpen(under),
      (organisationKey) => open(organisationKey, place(conversationId, epoch), key.wrapped),
    );
  }

  private async organisationKeyToOpen(epoch: string): Promise<Uint8Array> {
    const found = await this.stored.organisationKey(epoch);
    if (!found) throw new Fault(`there is no organisation key for ${epoch}`);
    return this.service.unwrap(epoch, found.wrapped);
  }

  private async organisationKeyToSeal(epoch: string): Promise<Uint8Array> {
    const found = await this.stored.organisationKey(epoch);
    if (found) return this.service.unwrap(epoch, found.wrapped);
    const made = await this.service.generate(epoch);
    const standing = await this.stored.putOrganisationKey(epoch, { wrapped: made.wrapped });
    if (Buffer.from(standing.wrapped).equals(made.wrapped)) return made.plain;
    made.plain.fill(0);
    return this.service.unwrap(epoch, standing.wrapped);
  }
}

function place(conversationId: ConversationId, epoch: string): Uint8Array {
  return lengthPrefixed(['wardline.conversation-key.1', conversationId, epoch]);
}
