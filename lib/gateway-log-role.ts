import { CfnAccount } from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/**
 * The role with which API Gateway writes the logs of every WebSocket API of the account and Region. There is one such
 * setting per Region, so a deployment makes it or leaves alone what is there (`apiGatewayLogRole`).
 */
export class GatewayLogRole extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const policy = new ManagedPolicy(this, 'Policy', {
      description: 'Lets API Gateway write its logs',
      statements: [
        new PolicyStatement({
          sid: 'WriteGatewayLogs',
          // The actions of AmazonAPIGatewayPushToCloudWatchLogs: API Gateway refuses a role that lacks one of them, or has
          // them for fewer resources, since it serves APIs that do not exist yet.
          actions: [
            'logs:CreateLogGroup',
            'logs:CreateLogStream',
            'logs:DescribeLogGroups',
            'logs:DescribeLogStreams',
            'logs:PutLogEvents',
            'logs:GetLogEvents',
            'logs:FilterLogEvents',
          ],
          resources: ['*'],
        }),
      ],
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [policy],
      description: 'Role of API Gateway for its logs',
    });
    new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
  }
}
