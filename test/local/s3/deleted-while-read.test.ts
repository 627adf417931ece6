import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ObjectFiles } from '../../../local/s3/object-files.ts';
import { role } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, openBuckets } from './open-buckets.ts';

test('an object that is deleted between being found and being read is answered as not there', async () => {
  const buckets = await openBuckets({});
  onTestFinished(() => buckets.close());
  const s3 = buckets.client(role('Anybody', { Effect: 'Allow', Action: 's3:*', Resource: '*' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'text' }));
  const read = ObjectFiles.prototype.read;
  const slow = vi.spyOn(ObjectFiles.prototype, 'read').mockImplementationOnce(async function (
    this: ObjectFiles,
    ...asked
  ) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    return read.apply(this, asked);
  });
  onTestFinished(() => slow.mockRestore());
  await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'a' }))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
});
