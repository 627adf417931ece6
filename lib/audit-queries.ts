import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Aws, Stack } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { cloudTrailTable, databaseName, recordsTable, viewTable } from './audit-tables.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import type { LockedBucket } from './locked-bucket.ts';

/** Where the reports' queries are, for Athena as for the command that answers from an export. */
const queries = path.join(import.meta.dirname, '..', 'cli', 'audit', 'queries');

/** Bytes that one query may scan: a year of a clinic of 500 is a quarter of a gigabyte. */
const MOST_BYTES_SCANNED = 100 * 1024 ** 3;

export interface AuditQueriesProps {
  /** The name of the deployment. */
  readonly deployment: string;
  readonly encryptionKey: EncryptionKey;
  readonly sealedRecords: LockedBucket;
  /** The bucket of CloudTrail's files. @default no table of them */
  readonly cloudTrail?: LockedBucket;
  /** The clock by which hours of the day are read, an IANA name. */
  readonly timeZone: string;
}

/**
 * The audit trail as tables, and each query of `wardline audit report` under its name: an auditor asks Athena what the command
 * answers offline, with the same SQL. Answers are kept by Athena for a day, under the audit key.
 */
export class AuditQueries extends Construct {
  readonly databaseName: string;
  readonly workGroupArn: string;

  constructor(scope: Construct, id: string, props: AuditQueriesProps) {
    super(scope, id);
    const { encryptionKey, sealedRecords, cloudTrail, timeZone } = props;
    const name = databaseName(props.deployment);
    this.databaseName = name;
    this.workGroupArn = workGroupArn(this, `${props.deployment}-audit`);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name, description: 'Sealed audit records, and the views that reports are made from' },
    });
    const tables = [
      recordsTable(this, name, sealedRecords.bucketName),
      ...(cloudTrail ? [cloudTrailTable(this, name, cloudTrail.bucketName)] : []),
      viewTable(this, name, { view: 'trail', file: trailFile(), timeZone }),
      ...sqlFiles('views').map(({ name: file, text }) =>
        viewTable(this, name, { view: file.replace(/^\d-/, ''), file: text, timeZone }),
      ),
    ];
    for (const table of tables) table.addResourceDependency(database);

    const group = this.workGroup(props.deployment, encryptionKey);
    for (const { name: file, text } of sqlFiles('.')) {
      const query = new CfnNamedQuery(this, pascal(file), {
        name: file,
        description: headOf(text),
        database: name,
        queryString: text,
        workGroup: group.name,
      });
      query.addResourceDependency(group);
      query.addResourceDependency(database);
    }
  }

  private workGroup(deployment: string, encryptionKey: EncryptionKey): CfnWorkGroup {
    const name = `${deployment}-audit`;
    letEncryptResults(encryptionKey, name);
    return new CfnWorkGroup(this, 'WorkGroup', {
      name,
      description: 'Queries of the audit trail',
      state: 'ENABLED',
      recursiveDeleteOption: false,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        requesterPaysEnabled: false,
        bytesScannedCutoffPerQuery: MOST_BYTES_SCANNED,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        managedQueryResultsConfiguration: {
          enabled: true,
          encryptionConfiguration: { kmsKey: encryptionKey.keyArn },
        },
      },
    });
  }
}

/** Lets Athena encrypt the answers of this work group (Athena user guide, "Managed query results"). */
function letEncryptResults(key: EncryptionKey, workGroup: string): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LetAthenaEncryptAnswers',
      principals: [new ServicePrincipal('encryption.athena.amazonaws.com')],
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      resources: ['*'],
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: { 'aws:SourceArn': workGroupArn(key, workGroup) },
      },
    }),
  );
}

function workGroupArn(scope: Construct, resourceName: string): string {
  return Stack.of(scope).formatArn({ service: 'athena', resource: 'workgroup', resourceName });
}

function trailFile(): string {
  return readFileSync(path.join(queries, 'engines', 'athena.sql'), 'utf8');
}

function sqlFiles(folder: string): readonly { readonly name: string; readonly text: string }[] {
  return readdirSync(path.join(queries, folder))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({
      name: path.basename(name, '.sql'),
      text: readFileSync(path.join(queries, folder, name), 'utf8'),
    }));
}

/** What stands at the head of a query's file: what it answers, and with what it is asked. */
function headOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith('-- '))
    .map((line) => line.slice(3))
    .join(' ');
}

function pascal(file: string): string {
  return file.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
