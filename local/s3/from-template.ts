import type { EventBridgeService } from '../events/service.ts';
import type { Resource } from '../template/resource.ts';
import { detailOf } from './event-detail.ts';
import { type S3Options, S3Service } from './service.ts';

/** Every bucket of the template with its policy; what happens in those that say so is told to the default event bus. */
export function bucketsOf(
  given: S3Options & { readonly resources: readonly Resource[]; readonly events: EventBridgeService },
): S3Service {
  const { resources, events, account } = given;
  const buckets = new S3Service(given);
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  for (const bucket of ofType('AWS::S3::Bucket')) buckets.addBucket(bucket);
  for (const policy of ofType('AWS::S3::BucketPolicy')) buckets.addPolicy(policy);
  buckets.events.on((event) => {
    const { settings } = event.bucket;
    if (!settings.tellsEventBridge) return;
    events.announce({
      source: 'aws.s3',
      detailType: event.kind,
      resources: [settings.arn],
      detail: detailOf(event, account),
    });
  });
  buckets.start();
  return buckets;
}
