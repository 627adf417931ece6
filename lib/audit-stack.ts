import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { EncryptionKey } from './encryption-keys.ts';
import type { Settings } from './settings.ts';
import { SigningKey } from './signing-key.ts';

/** What an auditor relies on, apart from what it judges. So far its keys, which must be multi-Region from the first day. */
export class AuditStack extends Stack {
  readonly signingKey: SigningKey;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      description: 'The audit trail: retained and protected',
      terminationProtection: settings.protect,
    });
    const key = new EncryptionKey(this, 'EncryptionKey', {
      description: 'audit records and the trail',
      protect: settings.protect,
    });
    key.letEncryptLogs();

    this.signingKey = new SigningKey(this, 'SigningKey', { protect: settings.protect });
    new CfnOutput(this, 'SigningKeyArn', {
      value: this.signingKey.arn,
      description: 'Key that signs receipts: aws kms get-public-key gives what verifies them',
    });
  }
}
