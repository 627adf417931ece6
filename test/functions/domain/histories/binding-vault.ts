import { lengthPrefixed, plainFields } from '../../../../functions/domain/entry.ts';
import type { Vault } from '../../../../functions/domain/vault.ts';
import { shownBody } from '../../../../functions/push/frames.ts';
import { withheldBody } from '../../../../functions/vault/vault.ts';
import { EntryBody } from '../../../../protocol/bodies.ts';

const EPOCH = 'one';

/** A vault that hides nothing and binds as the real one does: a body opens at its one place alone. Thousands of them are quick. */
export const bindingVault: Pick<Vault, 'sealBody' | 'openBody'> = {
  sealBody: async (draft, body) => ({
    epoch: EPOCH,
    bytes: Buffer.concat([place(draft), Buffer.from(JSON.stringify(shownBody(body)))]),
  }),
  openBody: async (entry) => {
    const bound = place(entry);
    const bytes = Buffer.from(entry.sealed.bytes);
    if (!bytes.subarray(0, bound.length).equals(bound))
      throw new Error('this body was sealed for another place');
    return withheldBody(EntryBody.parse(JSON.parse(bytes.subarray(bound.length).toString())));
  },
};

function place(draft: Parameters<Vault['sealBody']>[0]): Buffer {
  return Buffer.from(lengthPrefixed([plainFields(draft, EPOCH)]));
}
