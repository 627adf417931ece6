/** The one AWS account and Region that a local run stands for. */
export interface Account {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly urlSuffix: string;
}

export const localAccount: Account = {
  accountId: '111122223333', // the account id of AWS's own documentation examples: belongs to nobody
  region: 'us-east-1',
  partition: 'aws',
  urlSuffix: 'amazonaws.com',
};

/** Builds `arn:<partition>:<service>:<region>:<account>:<resource>`. */
export function arn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.accountId}:${resource}`;
}
