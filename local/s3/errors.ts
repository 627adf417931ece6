import { AwsError } from '../front-door/service.ts';

/** S3's errors in its own sentences (S3 API reference, "Error responses"); members become elements of the answer. */
export const refusals = {
  noSuchBucket: (BucketName: string) =>
    new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName }),
  noSuchKey: (Key: string) => new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key }),
  noSuchVersion: (Key: string, VersionId: string) =>
    new AwsError('NoSuchVersion', 'The specified version does not exist.', 404, { Key, VersionId }),
  noSuchUpload: (UploadId: string) =>
    new AwsError(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      404,
      { UploadId },
    ),
  accessDenied: (message = 'Access Denied') => new AwsError('AccessDenied', message, 403),
  preconditionFailed: (Condition: string) =>
    new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
      Condition,
    }),
  conflict: (Condition: string, Key: string) =>
    new AwsError(
      'ConditionalRequestConflict',
      'The conditional request cannot succeed due to a conflicting operation against this resource.',
      409,
      { Condition, Key },
    ),
  invalidRange: (RangeRequested: string, ActualObjectSize: number) =>
    new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
      RangeRequested,
      ActualObjectSize,
    }),
  methodNotAllowed: (Method: string, ResourceType: string) =>
    new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
      Method,
      ResourceType,
    }),
  invalidArgument: (message: string, ArgumentName: string, ArgumentValue: string) =>
    new AwsError('InvalidArgument', message, 400, { ArgumentName, ArgumentValue }),
  invalidRequest: (message: string) => new AwsError('InvalidRequest', message, 400),
  malformedXml: () =>
    new AwsError(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema',
    ),
  notImplemented: (Header: string) =>
    new AwsError(
      'NotImplemented',
      'A header you provided implies functionality that is not implemented',
      501,
      { Header },
    ),
  keyTooLong: (Size: number) =>
    new AwsError('KeyTooLongError', 'Your key is too long', 400, { Size, MaxSizeAllowed: 1024 }),
  missingLength: () =>
    new AwsError('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411),
  incompleteBody: () =>
    new AwsError(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    ),
  tooLarge: (ProposedSize: number, MaxSizeAllowed: number) =>
    new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, {
      ProposedSize,
      MaxSizeAllowed,
    }),
  badDigest: (named: string) =>
    new AwsError('BadDigest', `The ${named} you specified did not match the calculated checksum.`),
  badMd5: (ExpectedDigest: string, CalculatedDigest: string) =>
    new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.', 400, {
      ExpectedDigest,
      CalculatedDigest,
    }),
  keyDisabled: (keyArn: string) => new AwsError('KMS.DisabledException', `${keyArn} is disabled.`),
  unserved: (what: string) => new AwsError('NotImplemented', `the local buckets do not serve ${what}`, 501),
} as const;

/** An error that says something in its headers too. */
export class S3Error extends AwsError {
  readonly headers: Readonly<Record<string, string>>;

  constructor({ code, message, status, members }: AwsError, headers: Readonly<Record<string, string>>) {
    super(code, message, status, members);
    this.headers = headers;
  }
}
