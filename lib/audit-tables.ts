import { Aws } from 'aws-cdk-lib';
import { CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Construct } from 'constructs';

/** The database of a deployment's audit trail; Glue folds names to lower case. */
export function databaseName(deployment: string): string {
  return `${deployment.toLowerCase()}_audit`;
}

/** Fields of a sealed record. `kind` tells a decision from an entry of a log and from a change of the table itself. */
const recordColumns = {
  id: 'string',
  at: 'string',
  kind: 'string',
  person: 'string',
  session: 'string',
  sourceip: 'string',
  requestid: 'string',
  operation: 'string',
  object: 'string',
  opened: 'array<string>',
  people: 'array<string>',
  purpose: 'string',
  rule: 'string',
  outcome: 'string',
  code: 'string',
  seq: 'bigint',
  hash: 'string',
  prev: 'string',
  attachment: 'string',
  change: 'string',
  record: 'string',
  was: 'string',
  became: 'string',
} as const;

/** Sealed batches as rows, a partition for each day that no crawler has to find. */
export function recordsTable(scope: Construct, database: string, bucketName: string): CfnTable {
  const location = `s3://${bucketName}/sealed/records/`;
  return new CfnTable(scope, 'Records', {
    catalogId: Aws.ACCOUNT_ID,
    databaseName: database,
    tableInput: {
      name: 'records',
      description: 'Audit records as they were sealed',
      tableType: 'EXTERNAL_TABLE',
      partitionKeys: [{ name: 'day', type: 'string' }],
      parameters: {
        EXTERNAL: 'TRUE',
        classification: 'json',
        compressionType: 'gzip',
        'projection.enabled': 'true',
        'projection.day.type': 'date',
        'projection.day.format': 'yyyy-MM-dd',
        'projection.day.interval': '1',
        'projection.day.interval.unit': 'DAYS',
        'projection.day.range': '2024-01-01,NOW',
        'storage.location.template': `${location}day=\${day}/`,
      },
      storageDescriptor: {
        location,
        inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
        outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
        serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
        columns: Object.entries(recordColumns).map(([name, type]) => ({ name, type })),
      },
    },
  });
}

const identity =
  'struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,sessioncontext:struct<sessionissuer:struct<type:string,arn:string,username:string>,sourceidentity:string>>';

const cloudTrailColumns = {
  eventversion: 'string',
  useridentity: identity,
  eventtime: 'string',
  eventsource: 'string',
  eventname: 'string',
  awsregion: 'string',
  sourceipaddress: 'string',
  useragent: 'string',
  errorcode: 'string',
  errormessage: 'string',
  requestparameters: 'string',
  responseelements: 'string',
  requestid: 'string',
  eventid: 'string',
  readonly: 'string',
  resources: 'array<struct<arn:string,accountid:string,type:string>>',
  eventtype: 'string',
  recipientaccountid: 'string',
} as const;

/** What CloudTrail delivered, by Region and day; a query names the Region (Athena user guide, "Query AWS CloudTrail logs"). */
export function cloudTrailTable(scope: Construct, database: string, bucketName: string): CfnTable {
  const location = `s3://${bucketName}/AWSLogs/${Aws.ACCOUNT_ID}/CloudTrail/`;
  return new CfnTable(scope, 'CloudTrailEvents', {
    catalogId: Aws.ACCOUNT_ID,
    databaseName: database,
    tableInput: {
      name: 'cloudtrail',
      description: 'What AWS itself recorded',
      tableType: 'EXTERNAL_TABLE',
      partitionKeys: [
        { name: 'region', type: 'string' },
        { name: 'day', type: 'string' },
      ],
      parameters: {
        EXTERNAL: 'TRUE',
        classification: 'cloudtrail',
        'projection.enabled': 'true',
        'projection.region.type': 'injected',
        'projection.day.type': 'date',
        'projection.day.format': 'yyyy/MM/dd',
        'projection.day.interval': '1',
        'projection.day.interval.unit': 'DAYS',
        'projection.day.range': '2024/01/01,NOW',
        'storage.location.template': `${location}\${region}/\${day}`,
      },
      storageDescriptor: {
        location,
        inputFormat: 'com.amazon.emr.cloudtrail.CloudTrailInputFormat',
        outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
        serdeInfo: { serializationLibrary: 'org.apache.hive.hcatalog.data.JsonSerDe' },
        columns: Object.entries(cloudTrailColumns).map(([name, type]) => ({ name, type })),
      },
    },
  });
}

/**
 * A view as Athena keeps it in Glue: its SQL and columns as JSON in base64 behind `Presto View`. AWS documents
 * views in Glue's catalogue and not this form of them; what CREATE VIEW stores looks like it.
 */
export function viewTable(
  scope: Construct,
  database: string,
  { view, file, timeZone }: { readonly view: string; readonly file: string; readonly timeZone: string },
): CfnTable {
  const lines = file.trimEnd().split('\n');
  const columns = (lines.find((line) => line.startsWith('-- columns: ')) ?? '')
    .replace('-- columns: ', '')
    .split(', ')
    .map((column) => {
      const [name = '', type = ''] = column.split(' ');
      return { name, type };
    });
  const sql = lines.filter((line) => !line.startsWith('-- ')).join('\n');
  const stored = JSON.stringify({
    originalSql: sql.replaceAll('{{zone}}', `'${timeZone}'`),
    catalog: 'awsdatacatalog',
    schema: database,
    columns,
  });
  return new CfnTable(scope, `View-${view}`, {
    catalogId: Aws.ACCOUNT_ID,
    databaseName: database,
    tableInput: {
      name: view,
      tableType: 'VIRTUAL_VIEW',
      parameters: { presto_view: 'true', comment: 'Presto View' },
      viewOriginalText: `/* Presto View: ${Buffer.from(stored).toString('base64')} */`,
      viewExpandedText: '/* Presto View */',
      storageDescriptor: {
        serdeInfo: {},
        columns: columns.map(({ name, type }) => ({ name, type: hiveType(type) })),
      },
    },
  });
}

function hiveType(type: string): string {
  return type.replaceAll('varchar', 'string').replace(/array\((\w+)\)/, 'array<$1>');
}
