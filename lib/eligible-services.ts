/**
 * The only services that may appear in a template, because AWS lists them as eligible for PHI under its BAA. The first part
 * of a resource type after `AWS::` → the service's name on the list.
 *
 * GuardDuty is on that list; its Malware Protection for S3, which reads attachments, is two years younger than the list, and
 * whether it counts as GuardDuty there is for the live page to say.
 *
 * Source: https://aws.amazon.com/compliance/hipaa-eligible-services-reference/. What stands here was taken from AWS's own
 * healthcare landing zone, which copied that list; whoever adds a line or a year looks at the live page and moves `asOf`.
 */
export const eligibleServices = {
  asOf: '2022-04-18',
  services: {
    ApiGateway: 'Amazon API Gateway (without caching)',
    ApiGatewayV2: 'Amazon API Gateway (without caching)',
    Athena: 'Amazon Athena',
    Backup: 'AWS Backup',
    CloudTrail: 'AWS CloudTrail',
    CloudWatch: 'Amazon CloudWatch',
    Cognito: 'Amazon Cognito',
    DynamoDB: 'Amazon DynamoDB',
    Events: 'Amazon EventBridge (includes Amazon CloudWatch Events)',
    Glue: 'AWS Glue',
    GuardDuty: 'Amazon GuardDuty',
    KMS: 'AWS Key Management Service',
    Lambda: 'AWS Lambda',
    Logs: 'Amazon CloudWatch Logs',
    S3: 'Amazon Simple Storage Service (Amazon S3)',
    SNS: 'Amazon Simple Notification Service (Amazon SNS)',
    SQS: 'Amazon Simple Queue Service',
  },
  /** Not on the list and not in need of it: holds policies, never PHI. */
  withoutPhi: {
    IAM: 'AWS Identity and Access Management',
  },
} as const;

/** Whether a resource of this type, e.g. `AWS::DynamoDB::Table`, may be deployed. Custom resources may not. */
export function isEligible(resourceType: string): boolean {
  const [vendor, service] = resourceType.split('::');
  if (vendor !== 'AWS' || service === undefined) return false;
  return service in eligibleServices.services || service in eligibleServices.withoutPhi;
}
