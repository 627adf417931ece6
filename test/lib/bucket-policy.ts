/** What the bucket of attachments must refuse, word for word; references stand as `<logical id without its hash>`. */
export function bucketPolicy(): object {
  const bucket = '<AttachmentsBucket>';
  const [all, files, previews, exported] = ['*', 'files/*', 'previews/*', 'exports/*'].map(
    (objects) => `${bucket}/${objects}`,
  );
  const scanner = '<AttachmentsScannerRole>';
  const role = 'arn:<AWS::Partition>:iam::<AWS::AccountId>:role/Wardline-Messaging-';
  const encryption = 's3:x-amz-server-side-encryption';
  const reading = ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectVersionForReplication'];
  const deleters = ['CompleteUpload', 'BuildExports', 'DeleteAttachments', 'ShredConversation'];
  return {
    Version: '2012-10-17',
    Statement: [
      never(undefined, 's3:*', [bucket, all], { Bool: { 'aws:SecureTransport': 'false' } }),
      never('RefuseOtherAccounts', 's3:*', [bucket, all], {
        StringNotEquals: { 'aws:PrincipalAccount': '<AWS::AccountId>' },
        Bool: { 'aws:PrincipalIsAWSService': 'false' },
      }),
      never('RefuseOldSignatures', 's3:*', [bucket, all], {
        NumericGreaterThan: { 's3:signatureAge': '300000' },
      }),
      never('RefuseOldReadings', reading, all, { NumericGreaterThan: { 's3:signatureAge': '60000' } }),
      never('RefuseOtherEncryption', 's3:PutObject', [files, previews, exported], {
        StringNotEquals: { [encryption]: 'aws:kms' },
      }),
      never('RefuseOtherEncryptionKeys', 's3:PutObject', [files, previews, exported], {
        StringNotEquals: { [`${encryption}-aws-kms-key-id`]: '<EncryptionKeysData>' },
      }),
      never('RefuseOverwriting', 's3:PutObject', files, {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      }),
      elsewhere('RefuseOtherPlaces', 's3:PutObject', [files, previews, exported], {
        ArnNotEquals: { 'aws:PrincipalArn': scanner },
      }),
      never('RefuseTagsOfOthers', tagging, all, { ArnNotEquals: { 'aws:PrincipalArn': scanner } }),
      never('RefuseUnscanned', reading, files, {
        StringNotEquals: { 's3:ExistingObjectTag/GuardDutyMalwareScanStatus': 'NO_THREATS_FOUND' },
        ArnNotLike: { 'aws:PrincipalArn': [scanner, `${role}CompleteUpload*`] },
      }),
      never('RefuseOtherReaders', reading, all, {
        ArnNotLike: { 'aws:PrincipalArn': [scanner, '<BackupsRole>', `${role}*`] },
      }),
      never('RefuseOtherExporters', 's3:PutObject', exported, {
        ArnNotLike: { 'aws:PrincipalArn': `${role}BuildExports*` },
      }),
      never('RefuseOtherReadersOfExports', reading, exported, {
        ArnNotLike: { 'aws:PrincipalArn': `${role}AsPersonExport*` },
      }),
      never(
        'RefuseOtherDeleters',
        ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        [files, previews, exported],
        { ArnNotLike: { 'aws:PrincipalArn': deleters.map((door) => `${role}${door}*`) } },
      ),
    ],
  };
}

const tagging = [
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersionTagging',
  's3:PutObjectTagging',
  's3:PutObjectVersionTagging',
];

function never(Sid: string | undefined, Action: unknown, Resource: unknown, Condition: object): object {
  return { ...statement(Sid, Action, Condition), Resource };
}

function elsewhere(Sid: string, Action: unknown, NotResource: unknown, Condition: object): object {
  return { ...statement(Sid, Action, Condition), NotResource };
}

function statement(Sid: string | undefined, Action: unknown, Condition: object): object {
  return { ...(Sid && { Sid }), Action, Condition, Effect: 'Deny', Principal: { AWS: '*' } };
}
