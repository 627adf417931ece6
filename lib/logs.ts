import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export interface LogsProps {
  readonly encryptionKey: IKey;
  /** Days that lines are kept; a value that CloudWatch Logs knows. */
  readonly retentionDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/** How every log group is made: encrypted under our key and with an end, before anything writes to it. */
export class Logs {
  private readonly props: LogsProps;

  constructor(props: LogsProps) {
    this.props = props;
  }

  /** Makes a group. It needs a name only where AWS would otherwise make one of that name, unencrypted and for ever. */
  group(scope: Construct, id: string, logGroupName?: string): LogGroup {
    return new LogGroup(scope, id, {
      logGroupName,
      encryptionKey: this.props.encryptionKey,
      retention: this.props.retentionDays,
      removalPolicy: this.props.removalPolicy,
    });
  }
}
