import type { Answer } from '../front-door/service.ts';
import type { Deciding } from './authorizations.ts';
import { completeUpload } from './complete-upload.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject, deleteObjects } from './delete-object.ts';
import { getObject } from './get-object.ts';
import { listObjects, listVersions } from './list-objects.ts';
import { getLegalHold, getRetention, putLegalHold, putRetention } from './lock-operations.ts';
import { getAttributes } from './object-attributes.ts';
import type { BucketCall } from './object-call.ts';
import { putObject } from './put-object.ts';
import type { Store } from './store.ts';
import { deleteTags, getTags, putTags } from './tagging.ts';
import { abortUpload, createUpload, listParts, listUploads, uploadPart } from './upload-parts.ts';
import { xml } from './xml.ts';

export type Work = (given: BucketCall, store: Store, parts: Deciding) => Answer | Promise<Answer>;

/** What is served of S3's API, by operation. */
export const operations: Readonly<Record<string, Work>> = {
  HeadBucket: (_given, _store, { account }) => ({ headers: { 'x-amz-bucket-region': account.region } }),
  GetBucketLocation: () => ({ body: xml('LocationConstraint', {}) }), // empty in us-east-1
  GetBucketVersioning: ({ bucket }) => ({
    body: xml('VersioningConfiguration', bucket.settings.isVersioned ? { Status: 'Enabled' } : {}),
  }),
  ListObjects: listObjects,
  ListObjectsV2: listObjects,
  ListObjectVersions: listVersions,
  DeleteObjects: deleteObjects,
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
  GetObjectTagging: getTags,
  PutObjectTagging: putTags,
  DeleteObjectTagging: deleteTags,
  CopyObject: copyObject,
  GetObjectAttributes: getAttributes,
  GetObjectRetention: getRetention,
  PutObjectRetention: putRetention,
  GetObjectLegalHold: getLegalHold,
  PutObjectLegalHold: putLegalHold,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  ListParts: listParts,
  ListMultipartUploads: listUploads,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: abortUpload,
};
