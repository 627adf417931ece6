import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnEventInvokeConfig } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Door } from './door.ts';
import type { EncryptionKey } from './encryption-keys.ts';

/** Where a stream's records are noted that a door could not take: their place in the stream, never what they hold. */
export class ParkedQueue extends Construct {
  private readonly queue: Queue;
  private readonly encryptionKey: EncryptionKey;

  constructor(scope: Construct, id: string, props: { readonly encryptionKey: EncryptionKey }) {
    super(scope, id);
    this.encryptionKey = props.encryptionKey;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.encryptionKey,
      enforceSSL: true,
      retentionPeriod: Duration.days(14), // the longest there is; the stream itself forgets after one
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.queue.addToResourcePolicy(refuseOtherAccounts(this.queue));
  }

  get arn(): string {
    return this.queue.queueArn;
  }

  /** Notes each event that `door` was sent and failed three times, and the door's own failure with it. */
  noteFailures(scope: Construct, door: Door): void {
    this.letPark(door);
    new CfnEventInvokeConfig(scope, 'Failures', {
      functionName: door.function.functionName,
      qualifier: '$LATEST',
      maximumRetryAttempts: 2,
      destinationConfig: { onFailure: { destination: this.arn } },
    });
  }

  /** Lets Lambda, as `door`, note what the door could not take. */
  letPark(door: Door): void {
    door.lend({ name: 'ParkRecords', actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
    door.lend({
      name: 'EncryptParkedRecords',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [this.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `sqs.${this.queue.stack.region}.amazonaws.com` } },
    });
  }
}

/** Whatever a later statement lets in, it is nobody of another account; AWS's services have none of their own. */
function refuseOtherAccounts(queue: Queue): PolicyStatement {
  return new PolicyStatement({
    sid: 'RefuseOtherAccounts',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['sqs:*'],
    resources: [queue.queueArn],
    conditions: {
      StringNotEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID },
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
    },
  });
}
