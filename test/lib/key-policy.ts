import { auditKeyStatements } from './trail-weaknesses.ts';

/** The key policy that the key of this construct path must have, word for word. */
export function keyPolicy(path: string): object {
  const isAudit = /(^|\/)Audit$/.test(path.replace(/\/Resource$/, ''));
  const encryptsLogs = isAudit || /Logs$/.test(path);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'LeaveItToIdentityPolicies',
        Effect: 'Allow',
        Principal: { AWS: account(':root') },
        Action: 'kms:*',
        Resource: '*',
      },
      {
        Sid: 'RefuseGrantsOutsideAwsServices',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'kms:CreateGrant',
        Resource: '*',
        Condition: {
          BoolIfExists: { 'kms:GrantIsForAWSResource': 'false', 'aws:PrincipalIsAWSService': 'false' },
        },
      },
      {
        Sid: 'RefuseDeletionExceptByTheRootUser',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'kms:ScheduleKeyDeletion',
        Resource: '*',
        Condition: { StringNotEquals: { 'aws:PrincipalArn': account(':root') } },
      },
      ...(encryptsLogs ? [logsStatement] : []),
      ...(isAudit ? [answersStatement] : []),
      ...(isAudit ? auditKeyStatements : []),
    ],
  };
}

const logsStatement = {
  Sid: 'LetCloudWatchLogsEncryptLogGroups',
  Effect: 'Allow',
  Principal: {
    Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] },
  },
  Action: [
    'kms:Encrypt',
    'kms:Decrypt',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyWithoutPlaintext',
    'kms:DescribeKey',
  ],
  Resource: '*',
  Condition: {
    ArnLike: {
      'kms:EncryptionContext:aws:logs:arn': {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':logs:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':log-group:*',
          ],
        ],
      },
    },
  },
};

const answersStatement = {
  Sid: 'LetAthenaEncryptAnswers',
  Effect: 'Allow',
  Principal: { Service: 'encryption.athena.amazonaws.com' },
  Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
  Resource: '*',
  Condition: {
    StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
    ArnLike: {
      'aws:SourceArn': {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':athena:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':workgroup/Wardline-audit',
          ],
        ],
      },
    },
  },
};

function account(rest: string): object {
  return {
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, rest]],
  };
}
