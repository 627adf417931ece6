import { apiGatewayIdentities } from './api-gateway/identities.ts';
import { identifyTrail } from './cloudtrail/trail-settings.ts';
import { cognitoIdentities } from './cognito/identify.ts';
import { DynamoDbService } from './dynamodb/service.ts';
import { identifyPlan } from './guardduty/plan.ts';
import { KmsService } from './kms/service.ts';
import { S3Service } from './s3/service.ts';
import { genericIdentities } from './template/identities.ts';
import type { Identify } from './template/resource.ts';

/** Types that are named and then left alone, each with what that means for whoever trusts a local run. */
export const inertTypes: Readonly<Record<string, string>> = {
  'AWS::ApiGateway::Account': 'access logs are written without the account’s role',
  'AWS::Athena::NamedQuery': 'nothing is asked of it; the same SQL is run over exported files',
  'AWS::Athena::WorkGroup': 'nothing is asked of it',
  'AWS::Backup::BackupPlan': 'no backup is made; data survives a restart only',
  'AWS::Backup::BackupSelection': 'no backup is made',
  'AWS::Backup::BackupVault': 'no backup is made',
  'AWS::CDK::Metadata': 'says how the template was made',
  'AWS::CloudWatch::Alarm': 'nobody is woken',
  'AWS::Glue::Database': 'names tables that nobody asks here',
  'AWS::Glue::Table': 'says how objects of a bucket are read as rows; nobody reads them so here',
  'AWS::Logs::MetricFilter': 'nothing is counted',
  'AWS::SNS::Topic': 'nobody is told: what is sent to it is let go',
  'AWS::SNS::TopicPolicy': 'nobody is told',
};

/** Types that the local run brings to life. */
const livingTypes: Readonly<Record<string, Identify>> = {
  ...apiGatewayIdentities,
  ...cognitoIdentities,
  'AWS::CloudTrail::Trail': identifyTrail,
  'AWS::DynamoDB::Table': DynamoDbService.identify,
  'AWS::GuardDuty::MalwareProtectionPlan': identifyPlan,
  'AWS::KMS::Key': KmsService.identifyKey,
  'AWS::KMS::Alias': KmsService.identifyAlias,
  'AWS::S3::Bucket': S3Service.identifyBucket,
  'AWS::S3::BucketPolicy': S3Service.identifyBucketPolicy,
  ...generic(['AWS::Events::EventBus', 'AWS::Events::EventBusPolicy', 'AWS::Events::Rule']),
  ...generic(['AWS::Scheduler::Schedule', 'AWS::Scheduler::ScheduleGroup']),
  ...generic(['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy']),
  ...generic(['AWS::Lambda::Function', 'AWS::Lambda::Permission', 'AWS::Lambda::EventSourceMapping']),
  ...generic(['AWS::Lambda::EventInvokeConfig']),
  ...generic(['AWS::Logs::LogGroup', 'AWS::Logs::SubscriptionFilter']),
  ...generic(['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy']),
};

/** Every type that may stand in a template; another one stops the start, by its name. */
export const knownTypes: Readonly<Record<string, Identify>> = {
  ...livingTypes,
  ...generic(Object.keys(inertTypes)),
};

function generic(types: readonly string[]): Record<string, Identify> {
  return Object.fromEntries(
    types.map((type) => {
      const identify = genericIdentities[type];
      if (!identify) throw new Error(`no identity for the resource type ${type}`);
      return [type, identify];
    }),
  );
}
