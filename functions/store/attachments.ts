import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { AttachmentState, ContentType } from '../../protocol/attachments.ts';
import { type Attachment, type AttachmentName, type Attachments, verdicts } from '../domain/attachment.ts';
import { attachmentOf, keys } from './keys.ts';

const AttachmentItem = z.object({
  pk: z.string(),
  sk: z.string(),
  by: z.string(),
  beganAt: z.number(),
  contentType: ContentType,
  bytes: z.number(),
  sha256: z.string(),
  partBytes: z.number().optional(),
  parts: z.array(z.string()).optional(),
  uploadId: z.string().optional(),
  version: z.string().optional(),
  scannedVersion: z.string().optional(),
  verdict: AttachmentState.exclude(['awaited', 'stored']).optional(),
  ref: z.string().optional(),
  seq: z.number().optional(),
  previewVersion: z.string().optional(),
});

/** Attachments beside the log of their conversation in the Conversations table. One that expires is deleted with its object. */
export function attachments(client: DynamoDBDocumentClient, table: string): Attachments {
  /** The item after the change, or as it stood where a condition was not met. */
  const update = async (
    name: AttachmentName,
    change: Pick<UpdateCommandInput, 'UpdateExpression' | 'ExpressionAttributeValues'> & {
      readonly condition?: string;
      readonly names?: Record<string, string>;
    },
  ): Promise<{ readonly isChanged: boolean; readonly item: Attachment | undefined }> => {
    const { condition, names, ...input } = change;
    try {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.attachment(name),
          ...input,
          ...(names && { ExpressionAttributeNames: names }),
          ConditionExpression: ['attribute_exists(pk)', ...(condition ? [condition] : [])].join(' AND '),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { isChanged: true, item: attachmentIn(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isChanged: false, item: error.Item && attachmentIn(unmarshall(error.Item)) };
    }
  };

  return {
    begin: async (attachment, until) => {
      await client.send(
        new PutCommand({
          TableName: table,
          Item: itemOf(attachment, until),
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    },

    find: async (name) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keys.attachment(name), ConsistentRead: true }),
      );
      return Item && attachmentIn(Item);
    },

    store: async (name, versionId) =>
      (
        await update(name, {
          UpdateExpression: 'SET version = :version',
          condition: 'attribute_not_exists(version)',
          ExpressionAttributeValues: { ':version': versionId },
        })
      ).item,

    claim: async (name, { ref, uploader, declared }, until) => {
      const { isChanged, item } = await update(name, {
        UpdateExpression: 'SET #ref = :ref, expiresAt = :until',
        condition: [
          '#by = :by AND contentType = :type AND #bytes = :bytes AND sha256 = :sha256',
          'attribute_exists(version) AND (attribute_not_exists(#ref) OR #ref = :ref)',
          '(attribute_not_exists(verdict) OR verdict = :clean) AND attribute_not_exists(seq)',
        ].join(' AND '),
        names: { '#ref': 'ref', '#by': 'by', '#bytes': 'bytes' },
        ExpressionAttributeValues: {
          ':ref': ref,
          ':by': uploader,
          ':type': declared.contentType,
          ':bytes': declared.bytes,
          ':sha256': declared.sha256,
          ':clean': 'clean',
          ':until': Math.ceil(until / 1000),
        },
      });
      return isChanged ? { outcome: 'claimed' } : { outcome: 'refused', existing: item };
    },

    keep: async (name, seq) => {
      await update(name, {
        UpdateExpression: 'SET seq = :seq REMOVE expiresAt',
        ExpressionAttributeValues: { ':seq': seq },
      });
    },

    scanned: async (name, { versionId, verdict }) => {
      const noWorse = Object.fromEntries(
        verdicts.slice(0, verdicts.indexOf(verdict) + 1).map((one, nth) => [`:verdict${nth}`, one]),
      );
      const { item } = await update(name, {
        UpdateExpression: 'SET scannedVersion = :version, verdict = :verdict',
        condition: [
          '(attribute_not_exists(version) OR version = :version)',
          `(attribute_not_exists(verdict) OR scannedVersion <> :version OR verdict IN (${Object.keys(noWorse)}))`,
        ].join(' AND '),
        ExpressionAttributeValues: { ':version': versionId, ':verdict': verdict, ...noWorse },
      });
      return item;
    },

    previewed: async (name, versionId) =>
      (
        await update(name, {
          UpdateExpression: 'SET previewVersion = :version',
          ExpressionAttributeValues: { ':version': versionId },
        })
      ).isChanged,

    forget: async (name) => {
      await client.send(new DeleteCommand({ TableName: table, Key: keys.attachment(name) }));
    },
  };
}

function itemOf(
  attachment: Attachment,
  until: number,
): z.infer<typeof AttachmentItem> & { expiresAt: number } {
  const { uploader, beganAt, contentType, bytes, sha256, partBytes, parts, uploadId } = attachment;
  return {
    ...keys.attachment(attachment),
    by: uploader,
    ...{ beganAt, contentType, bytes, sha256, partBytes, uploadId },
    ...(parts && { parts: [...parts] }),
    expiresAt: Math.ceil(until / 1000),
  };
}

function attachmentIn(item: unknown): Attachment {
  const { pk, sk, by, version, scannedVersion, verdict, ref, previewVersion, ...said } =
    AttachmentItem.parse(item);
  return {
    ...attachmentOf({ pk, sk }),
    ...said,
    uploader: by,
    versionId: version,
    scan: scannedVersion && verdict ? { versionId: scannedVersion, verdict } : undefined,
    claimedBy: ref,
    previewVersionId: previewVersion,
  };
}
