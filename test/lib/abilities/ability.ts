/** One statement, told in words that stay the same whatever logical ids CDK makes. */
export interface Ability {
  readonly actions: readonly string[];
  /** What it is for: a table, a key, a log … */
  readonly on: string;
  /** Its condition, as JSON. */
  readonly when?: string;
}

export const throughDynamoDb = JSON.stringify({
  StringEquals: { 'kms:ViaService': 'dynamodb.<region>.amazonaws.com' },
});
export const throughSqs = JSON.stringify({
  StringEquals: { 'kms:ViaService': 'sqs.<region>.amazonaws.com' },
});
export const throughS3 = JSON.stringify({ StringEquals: { 'kms:ViaService': 's3.<region>.amazonaws.com' } });
export const ofFolders = (...folders: readonly string[]) =>
  JSON.stringify({ StringLike: { 's3:prefix': folders } });
export const forOrganisationKey = JSON.stringify({
  StringEquals: { 'kms:EncryptionContext:purpose': 'organisation-key' },
});
export const ofPartitions = (pattern: string) =>
  JSON.stringify({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': pattern } });
export const ofLists = ofPartitions('L#*');
export const ofEnds = ofPartitions('ENDS');
export const ofRequests = ofPartitions('A#*');
export const ofProfiles = ofPartitions('P#*');
export const ofQuarters = ofPartitions('R#*');
export const reading = ['kms:Decrypt', 'kms:DescribeKey'];
export const writing = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
