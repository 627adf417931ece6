import type { Call, TrailFacts } from '../front-door/service.ts';
import type { Address } from './address.ts';
import { isPresigned } from './signature-claim.ts';

/**
 * The call as CloudTrail logs it (S3 user guide, "Amazon S3 CloudTrail events"): bucket, key, parameters and the
 * `x-amz-*` headers that describe, never a body, never a signature or token.
 */
export function trailOf(call: Call, { bucket, key }: Address, bytes: { readonly in: number }): TrailFacts {
  const { operation, headers, query, streamed } = call;
  const bucketArn = `arn:aws:s3:::${bucket ?? ''}`;
  const shown = [...query].filter(([name]) => !HIDDEN.test(name));
  const described = Object.entries(headers).filter(
    ([name]) => name.startsWith('x-amz-') && !HIDDEN.test(name) && !CONTENTS.test(name),
  );
  return {
    category: MANAGEMENT.has(operation) ? 'Management' : 'Data',
    ...(operation === 'ListObjectsV2' ? { eventName: 'ListObjects' } : {}),
    readOnly: /^(Get|Head|List)/.test(operation),
    resources: [
      ...(key === undefined ? [] : [{ type: 'AWS::S3::Object', arn: `${bucketArn}/${key}` }]),
      ...(bucket === undefined ? [] : [{ type: 'AWS::S3::Bucket', arn: bucketArn }]),
    ],
    requestParameters: {
      ...(bucket === undefined ? {} : { bucketName: bucket }),
      Host: headers.host ?? '',
      ...(key === undefined ? {} : { key }),
      ...Object.fromEntries([...shown, ...described].filter(([name]) => !CONTENTS.test(name))),
    },
    additionalEventData: {
      SignatureVersion: 'SigV4',
      AuthenticationMethod: streamed && isPresigned(streamed.head) ? 'QueryString' : 'AuthHeader',
      bytesTransferredIn: bytes.in,
      'x-amz-id-2': hostIdOf(call.requestId),
    },
  };
}

/** The extended request id that goes with a request id. */
export function hostIdOf(requestId: string): string {
  return Buffer.from(`${requestId}${requestId}`.padEnd(57, '0')).toString('base64');
}

/** Signatures, tokens and what people wrote: names of metadata and tags' values are contents. */
const HIDDEN = /^x-amz-(signature|security-token|credential)$/i;
const CONTENTS = /^x-amz-(meta-|tagging$)/i;
const MANAGEMENT = new Set(['ListBuckets', 'GetBucketLocation', 'GetBucketVersioning']);
