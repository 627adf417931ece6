import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import type { Door } from './door.ts';
import { ownPolicy } from './encryption-keys.ts';

/**
 * The key that signs what must be believed without trusting this app: its private half never leaves KMS, its public half
 * verifies anywhere. KMS does not rotate such keys, so that what was signed stays verifiable by the one public key.
 */
export class SigningKey extends Construct {
  private readonly key: Key;

  constructor(scope: Construct, id: string, props: { readonly protect: boolean }) {
    super(scope, id);
    this.key = new Key(this, 'Signing', {
      description: 'signs receipts and seals of the audit trail',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      multiRegion: true,
      pendingWindow: Duration.days(30),
      policy: ownPolicy(props.protect),
      removalPolicy: props.protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }

  /** For whoever verifies, and for the operator's commands. */
  get arn(): string {
    return this.key.keyArn;
  }

  /** Lets `door` sign. */
  letSign(door: Door): void {
    door.lend({ name: 'SignReceipts', actions: ['kms:Sign'], resources: [this.key.keyArn] });
    door.tell(env.signingKeyArn, this.key.keyArn);
  }
}
