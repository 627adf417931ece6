import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Clock } from '../clock.ts';
import type { Credentials } from '../front-door/credentials.ts';
import type { DeliveredFile } from './files.ts';
import type { TrailSettings } from './trail-settings.ts';

/** The principal as which CloudTrail writes into a bucket and uses a key. */
export const SERVICE = 'cloudtrail.amazonaws.com';

/** Puts a trail's files into its bucket, through the front door like everybody. */
export class Delivery {
  private readonly parts: {
    readonly trail: TrailSettings;
    readonly credentials: Credentials;
    readonly region: string;
    readonly clock: Clock;
    readonly awsEndpointUrl: () => string;
  };
  private client: S3Client | undefined;

  constructor(parts: Delivery['parts']) {
    this.parts = parts;
  }

  /** Why S3 refused, in its name for that; undefined where the file is delivered. */
  async put(
    { key, body }: DeliveredFile,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<string | undefined> {
    const { trail } = this.parts;
    const context = Buffer.from(JSON.stringify({ 'aws:cloudtrail:arn': trail.arn })).toString('base64');
    try {
      await this.s3().send(
        new PutObjectCommand({
          ...{ Bucket: trail.bucket, Key: key, Body: body, ACL: 'bucket-owner-full-control' },
          ...{ ContentType: 'application/json', ContentEncoding: 'gzip', Metadata: { ...metadata } },
          ...(trail.keyArn && {
            ServerSideEncryption: 'aws:kms',
            SSEKMSKeyId: trail.keyArn,
            SSEKMSEncryptionContext: context,
          }),
        }),
      );
      return undefined;
    } catch (error) {
      if (error instanceof S3ServiceException) return error.name;
      throw error;
    }
  }

  close(): void {
    this.client?.destroy();
  }

  private s3(): S3Client {
    const { region, awsEndpointUrl, credentials, clock } = this.parts;
    this.client ??= new S3Client({ region, endpoint: awsEndpointUrl(), credentials, forcePathStyle: true });
    this.client.config.systemClockOffset = clock.ahead;
    return this.client;
  }
}
