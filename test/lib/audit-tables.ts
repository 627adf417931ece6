import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type QueryFile, queryFiles, trailOn, viewFiles } from '../../cli/audit/query-files.ts';
import { SealedRecord } from '../../functions/audit/record.ts';
import type { Placed, Properties } from '../fixtures/template.ts';
import { into } from './wishes.ts';

const database = 'wardline_audit';
const workGroup = 'Wardline-audit';
const queries = join(import.meta.dirname, '..', '..', 'cli', 'audit', 'queries');

/** What Athena's work group lacks: that nobody chooses another place or key for answers, and that a query has an end. */
export function workGroupWeaknesses({ Properties }: Placed): string[] {
  const key = into(
    into(into(configuration(Properties), 'ManagedQueryResultsConfiguration'), 'EncryptionConfiguration'),
    'KmsKey',
  );
  return [
    ...differs(Properties, {
      Name: workGroup,
      Description: 'Queries of the audit trail',
      State: 'ENABLED',
      RecursiveDeleteOption: false,
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        PublishCloudWatchMetricsEnabled: true,
        RequesterPaysEnabled: false,
        BytesScannedCutoffPerQuery: 107_374_182_400,
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        ManagedQueryResultsConfiguration: { Enabled: true, EncryptionConfiguration: { KmsKey: key } },
      },
    }),
    ...(/EncryptionKeysAudit/.test(JSON.stringify(key ?? null)) ? [] : ['keeps answers under another key']),
  ];
}

/** A named query that is not, to the letter, the file of its name. */
export function namedQueryWeaknesses({ Properties }: Placed): string[] {
  const file = queryFiles().find(({ name }) => name === Properties.Name);
  if (!file) return ['is no query of ours'];
  const { parameters, answers } = file;
  const asked = parameters.length > 0 ? ` parameters: ${parameters.join(', ')}` : '';
  return differs(Properties, {
    Name: file.name,
    Description: `${answers}${asked}`,
    Database: database,
    QueryString: readFileSync(join(queries, `${file.name}.sql`), 'utf8'),
    WorkGroup: workGroup,
  });
}

export function databaseWeaknesses({ Properties }: Placed): string[] {
  return differs(Properties, {
    CatalogId: { Ref: 'AWS::AccountId' },
    DatabaseInput: {
      Name: database,
      Description: 'Sealed audit records, and the views that reports are made from',
    },
  });
}

/** A table that lacks a field of a record, or a view that says something else than its file. */
export function tableWeaknesses({ Properties }: Placed): string[] {
  const input = (Properties.TableInput ?? {}) as Properties;
  const wanted = wantedInput(input);
  if (!wanted) return ['is no table of ours'];
  return differs(Properties, {
    CatalogId: { Ref: 'AWS::AccountId' },
    DatabaseName: database,
    TableInput: wanted,
  });
}

function wantedInput(input: Properties): object | undefined {
  if (input.Name === 'records') return recordsInput(input);
  return input.Name === 'cloudtrail' ? cloudTrailInput(input) : viewInput(input);
}

/** As "Create a table for CloudTrail logs using partition projection" of the Athena user guide has it, without what holds no columns of ours. */
function cloudTrailInput(input: Properties): object {
  const location = into(input.StorageDescriptor, 'Location');
  const isDelivered = /CloudTrailFiles.*"\/AWSLogs\/".*"\/CloudTrail\/"/.test(
    JSON.stringify(location ?? null),
  );
  return {
    Name: 'cloudtrail',
    Description: 'What AWS itself recorded',
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: ['region', 'day'].map((Name) => ({ Name, Type: 'string' })),
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: 'cloudtrail',
      'projection.enabled': 'true',
      'projection.region.type': 'injected',
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy/MM/dd',
      'projection.day.interval': '1',
      'projection.day.interval.unit': 'DAYS',
      'projection.day.range': '2024/01/01,NOW',
      'storage.location.template': behind(location, '$' + '{region}/$' + '{day}'),
    },
    StorageDescriptor: {
      Location: isDelivered ? location : 'the folder of what CloudTrail delivers',
      InputFormat: 'com.amazon.emr.cloudtrail.CloudTrailInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hive.hcatalog.data.JsonSerDe' },
      Columns: Object.entries(cloudTrailFields).map(([Name, Type]) => ({ Name, Type })),
    },
  };
}

/** Fields of an event (CloudTrail user guide, "CloudTrail record contents"), in lower case as the SerDe reads them. */
const cloudTrailFields = {
  eventversion: 'string',
  useridentity:
    'struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,sessioncontext:struct<sessionissuer:struct<type:string,arn:string,username:string>,sourceidentity:string>>',
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
};

function recordsInput(input: Properties): object {
  const location = into(input.StorageDescriptor, 'Location');
  const isSealed = /SealedRecords.*"\/sealed\/records\/"/.test(JSON.stringify(location ?? null));
  return {
    Name: 'records',
    Description: 'Audit records as they were sealed',
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [{ Name: 'day', Type: 'string' }],
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: 'json',
      compressionType: 'gzip',
      'projection.enabled': 'true',
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy-MM-dd',
      'projection.day.interval': '1',
      'projection.day.interval.unit': 'DAYS',
      'projection.day.range': '2024-01-01,NOW',
      'storage.location.template': behind(location, 'day=$' + '{day}/'),
    },
    StorageDescriptor: {
      Location: isSealed ? location : 'the folder of sealed records',
      InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
      Columns: fieldsOfRecords(),
    },
  };
}

/** Every field that some kind of sealed record has, as a column; the SerDe reads names in lower case. */
function fieldsOfRecords(): object[] {
  const fields = new Map<string, string>();
  for (const { shape } of SealedRecord.options) {
    for (const name of ['id', 'at', 'kind', ...Object.keys(shape)])
      fields.set(name.toLowerCase(), typeOf(name));
  }
  return [...fields].map(([Name, Type]) => ({ Name, Type }));
}

function typeOf(field: string): string {
  if (field === 'opened' || field === 'people') return 'array<string>';
  return field === 'seq' ? 'bigint' : 'string';
}

function viewInput(input: Properties): object | undefined {
  const file = [{ ...trailOn('athena'), name: 'trail' }, ...viewFiles()].find(
    ({ name }) => name === input.Name,
  );
  if (!file) return undefined;
  return {
    Name: file.name,
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
    ViewOriginalText: `/* Presto View: ${Buffer.from(JSON.stringify(storedView(file))).toString('base64')} */`,
    ViewExpandedText: '/* Presto View */',
    StorageDescriptor: {
      SerdeInfo: {},
      Columns: file.columns.map(({ name, type }) => ({ Name: name, Type: hive[type] ?? 'unknown' })),
    },
  };
}

function storedView({ sql, columns }: QueryFile): object {
  const originalSql = sql.replaceAll('{{zone}}', "'UTC'");
  return { originalSql, catalog: 'awsdatacatalog', schema: database, columns };
}

const hive: Readonly<Record<string, string>> = {
  varchar: 'string',
  bigint: 'bigint',
  'array(varchar)': 'array<string>',
};

/** A joined text with something at its end. */
function behind(joined: unknown, end: string): unknown {
  const [separator, parts] = (into(joined, 'Fn::Join') ?? []) as [string?, unknown[]?];
  return { 'Fn::Join': [separator, [...(parts ?? []).slice(0, -1), `${String(parts?.at(-1))}${end}`]] };
}

function configuration(properties: Properties): unknown {
  return properties.WorkGroupConfiguration;
}

function differs(seen: unknown, wanted: unknown): string[] {
  return isDeepStrictEqual(seen, wanted)
    ? []
    : [`is ${JSON.stringify(seen)} and not ${JSON.stringify(wanted)}`];
}
