import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import { AuditQueries } from './audit-queries.ts';
import { AuditTrail } from './audit-trail.ts';
import { AuditorAccess } from './auditor-access.ts';
import { Backups } from './backups.ts';
import type { DataStack } from './data-stack.ts';
import { Door } from './door.ts';
import { EncryptionKey } from './encryption-keys.ts';
import { everyHour } from './every-hour.ts';
import { LockedBucket } from './locked-bucket.ts';
import { OwnAlarm } from './own-alarm.ts';
import type { Settings } from './settings.ts';
import { SigningKey } from './signing-key.ts';
import { Trail } from './trail.ts';
import { TrailAlarms } from './trail-alarms.ts';

/** What an auditor relies on, apart from what it judges. */
export class AuditStack extends Stack {
  readonly trail: AuditTrail;
  readonly signingKey: SigningKey;
  readonly sealedRecords: LockedBucket;
  readonly alarms: TrailAlarms;

  constructor(
    scope: Construct,
    id: string,
    { settings, data }: { readonly settings: Settings; readonly data: DataStack },
  ) {
    super(scope, id, {
      description: 'The audit trail: retained and protected',
      terminationProtection: settings.protect,
    });
    const key = new EncryptionKey(new Construct(this, 'EncryptionKeys'), 'Audit', {
      description: 'audit records and the trail',
      protect: settings.protect,
    });
    key.letEncryptLogs();

    const backups = new Backups(this, 'AuditBackups', {
      encryptionKey: key,
      keepDays: settings.backupDays,
      protect: settings.protect,
    });
    this.trail = new AuditTrail(this, 'AuditTrail', {
      encryptionKey: key,
      backups,
      recoveryDays: 35,
      protect: settings.protect,
    });

    this.sealedRecords = new LockedBucket(this, 'SealedRecords', {
      encryptionKey: key,
      retentionDays: settings.auditRetentionDays,
      protect: settings.protect,
      writtenOnce: [sealed.folder],
    });
    new CfnOutput(this, 'SealedRecordsBucket', {
      value: this.sealedRecords.bucketName,
      description: 'Bucket of sealed audit records: wardline audit export',
    });
    new CfnOutput(this, 'AuditRetentionDays', {
      value: String(settings.auditRetentionDays),
      description: 'Days on which nobody deletes a sealed record: wardline audit export',
    });

    new CfnOutput(this, 'RetentionDays', {
      value: String(settings.retentionDays),
      description: 'Days on which messages are kept where nobody has set others: wardline audit report',
    });
    new CfnOutput(this, 'TimeZone', {
      value: settings.timeZone,
      description: 'The clock by which reports tell hours of the day: wardline audit report',
    });

    const cloudTrail = new Trail(this, 'CloudTrail', { encryptionKey: key, logs: data.logs, settings });
    for (const store of [
      data.keys,
      this.trail,
      data.attachments,
      data.conversations,
      data.people,
      data.sessions,
    ])
      store.watchedBy(cloudTrail);
    cloudTrail.watchBucket(this.sealedRecords.bucketArn);
    this.alarms = new TrailAlarms(this, 'TrailAlarms', {
      ...{ encryptionKey: key, logGroup: cloudTrail.logGroup, deployment: settings.name },
      logRetentionDays: settings.logRetentionDays,
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      value: this.alarms.topicArn,
      description: 'Topic of alarms: subscribe whoever is on duty',
    });

    const queries = new AuditQueries(this, 'AuditQueries', {
      deployment: settings.name,
      encryptionKey: key,
      sealedRecords: this.sealedRecords,
      cloudTrail: cloudTrail.files,
      timeZone: settings.timeZone,
    });

    this.signingKey = new SigningKey(this, 'SigningKey', { protect: settings.protect });
    const auditors = new AuditorAccess(this, 'AuditorAccess', {
      buckets: [this.sealedRecords, cloudTrail.files],
      encryptionKey: key,
      signingKey: this.signingKey,
      queries,
    });
    new CfnOutput(this, 'AuditorAccessArn', {
      value: auditors.managedPolicyArn,
      description: 'Policy for the role of auditors: the trail and its reports, nothing of what people wrote',
    });
    new CfnOutput(this, 'Regulation', {
      value: settings.regulation,
      description: 'Which text of the Security Rule binds this deployment: wardline audit evidence',
    });
    new CfnOutput(this, 'SigningKeyArn', {
      value: this.signingKey.arn,
      description: 'Key that signs receipts: aws kms get-public-key gives what verifies them',
    });

    const sealRecords = new Door(this, 'SealRecords', { pace: 'sweep', logs: data.logs });
    this.trail.onRecords(sealRecords, data.parked);
    data.conversations.onNewEntries(sealRecords, data.parked);
    this.sealedRecords.letWrite(sealRecords, sealed);
    this.sealedRecords.letRead(sealRecords, sealed);
    this.signingKey.letSign(sealRecords);
    everyHour(sealRecords);
    new OwnAlarm(this, 'TamperedRecords', { metricName: 'TamperedRecords', alarms: this.alarms });
  }
}

/** Where batches and their heads lie. */
const sealed = {
  of: 'SealedRecords',
  folder: 'sealed/',
  bucketVariable: env.sealedRecordsBucket,
  keyVariable: env.sealedRecordsKeyArn,
};
