import { account } from './resolved.ts';

export const bucketName = 'wardline-data-attachmentsbucket134755d7-abcdefghijkl';
export const bucket = `arn:aws:s3:::${bucketName}`;
export const file = `${bucket}/files/conversation/attachment`;
export const preview = `${bucket}/previews/conversation/attachment`;
export const key = `arn:aws:kms:us-east-1:${account}:key/data`;

/** The ARN of a resource of the data stack, or the bucket's name: roles have names as CloudFormation makes them. */
export function attachmentArn(id: string, attribute?: string): string {
  if (id.startsWith('AttachmentsBucket')) return attribute === 'Arn' ? bucket : bucketName;
  if (id.startsWith('EncryptionKeysData')) return key;
  const [, role] = /^(.*Role)[0-9A-F]{8}$/.exec(id) ?? [];
  return `arn:aws:iam::${account}:role/Wardline-Data-${role ?? id}-1234`;
}
