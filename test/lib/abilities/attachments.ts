import { type Ability, ofFolders, throughS3 } from './ability.ts';

/** What our doors may do with attachments, their previews and exports. */
export const onAttachments: Readonly<Record<string, Ability>> = {
  MakeExports: {
    actions: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObjectVersion'],
    on: 'bucket Attachments/exports/*',
  },
  FindExports: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('exports/*'),
  },
  DownloadExports: { actions: ['s3:GetObjectVersion'], on: 'bucket Attachments/exports/*' },
  UploadAttachments: {
    actions: ['s3:PutObject', 's3:ListMultipartUploadParts'],
    on: 'bucket Attachments/files/*',
  },
  CompleteUploads: {
    actions: ['s3:PutObject', 's3:ListMultipartUploadParts', 's3:GetObjectVersion', 's3:DeleteObjectVersion'],
    on: 'bucket Attachments/files/*',
  },
  FindUploaded: { actions: ['s3:ListBucketVersions'], on: 'bucket Attachments', when: ofFolders('files/*') },
  DownloadAttachments: {
    actions: ['s3:GetObjectVersion'],
    on: 'bucket Attachments/files/* and bucket Attachments/previews/*',
  },
  ReadAttachments: { actions: ['s3:GetObjectVersion'], on: 'bucket Attachments/files/*' },
  WritePreviews: { actions: ['s3:PutObject'], on: 'bucket Attachments/previews/*' },
  FindPreviews: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('previews/*'),
  },
  FindAttachments: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('files/*', 'previews/*'),
  },
  DeleteAttachments: {
    actions: ['s3:DeleteObjectVersion'],
    on: 'bucket Attachments/files/* and bucket Attachments/previews/*',
  },
  FindShredded: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('files/*', 'previews/*', 'exports/*'),
  },
  DeleteShredded: {
    actions: ['s3:DeleteObjectVersion'],
    on: 'bucket Attachments/files/* and bucket Attachments/previews/* and bucket Attachments/exports/*',
  },
  FindUploads: {
    actions: ['s3:ListBucketMultipartUploads'],
    on: 'bucket Attachments',
  },
  AbortUploads: { actions: ['s3:AbortMultipartUpload'], on: 'bucket Attachments/files/*' },
  EncryptAttachments: { actions: ['kms:GenerateDataKey'], on: 'key Data', when: throughS3 },
  DecryptAttachments: { actions: ['kms:Decrypt'], on: 'key Data', when: throughS3 },
};
