import { FilterPattern, type ILogGroup, SubscriptionFilter } from 'aws-cdk-lib/aws-logs';
import { LambdaDestination } from 'aws-cdk-lib/aws-logs-destinations';
import { Construct } from 'constructs';
import type { Door } from './door.ts';

export interface GatewayRefusalsProps {
  readonly accessLog: ILogGroup;
  readonly door: Door;
  /** Whether what is answered with 403 was denied by an authorizer of ours, which has recorded it. */
  readonly authorizerRecords: boolean;
}

/** Runs `door` with each access-log line of a request that API Gateway refused by itself: no token, a wrong one, too many requests. */
export class GatewayRefusals extends Construct {
  constructor(scope: Construct, id: string, { accessLog, door, authorizerRecords }: GatewayRefusalsProps) {
    super(scope, id);
    new SubscriptionFilter(this, 'Refused', {
      logGroup: accessLog,
      destination: new LambdaDestination(door.function),
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.status', '=', '4*'),
        FilterPattern.stringValue('$.functionStatus', '=', '-'),
        ...(authorizerRecords ? [FilterPattern.stringValue('$.status', '!=', '403')] : []),
      ),
    });
  }
}
