import { CloudTrailFiles } from './cloudtrail-files.ts';

/** One event of CloudTrail, flat, as reports query it. What an event does not say is null. */
export interface CloudTrailRow {
  /** ISO 8601, to the second. */
  readonly at: string;
  readonly eventId: string;
  /** The person for whom a role was assumed: the session's source identity. AWS's own word for who it was. */
  readonly person: string | null;
  /** Name of the role or the user that called; `root`; or the AWS service. */
  readonly role: string | null;
  readonly session: string | null;
  /** `dynamodb.amazonaws.com`, … */
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly: boolean;
  /** Name of the table or bucket. */
  readonly resource: string | null;
  /** What of it: an object's key, or an item's key as JSON; several as a JSON list. KMS: the key's ARN. */
  readonly key: string | null;
  readonly sourceIp: string | null;
  readonly errorCode: string | null;
  /** Key of the log file that it stands in. */
  readonly file: string;
}

/** Every event of a directory as `verifyCloudTrail` takes one, file by file in their order. Verify first: this believes what it reads. */
export function* cloudTrailRows(directory: string): Generator<CloudTrailRow> {
  const files = new CloudTrailFiles(directory);
  for (const file of files.logs) {
    const { content } = files.unpack(file);
    if (!content) throw new Error(`${file} is no gzip of a log file`);
    const { Records } = JSON.parse(content.toString('utf8')) as { Records: readonly Event[] };
    for (const event of Records) yield rowOf(event, file);
  }
}

type Fields = Readonly<Record<string, unknown>>;

interface Event {
  readonly eventTime: string;
  readonly eventID: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly?: boolean;
  readonly sourceIPAddress?: string;
  readonly errorCode?: string;
  readonly userIdentity: Fields;
  readonly requestParameters?: Fields | null;
  readonly resources?: readonly { readonly type?: string; readonly ARN?: string }[];
}

function rowOf(event: Event, file: string): CloudTrailRow {
  const context = fields(event.userIdentity.sessionContext);
  const { resource, key } = whatOf(event);
  return {
    at: event.eventTime,
    eventId: event.eventID,
    person: text(context.sourceIdentity) ?? assumedFor(event),
    role: roleOf(event.userIdentity, fields(context.sessionIssuer)),
    session: context.sessionIssuer ? lastPart(text(event.userIdentity.arn)) : null,
    ...{ eventSource: event.eventSource, eventName: event.eventName, readOnly: event.readOnly ?? false },
    ...{ resource, key, sourceIp: event.sourceIPAddress ?? null, errorCode: event.errorCode ?? null, file },
  };
}

/** Of AssumeRole itself: for whom it was asked. */
function assumedFor({ eventName, requestParameters }: Event): string | null {
  return eventName === 'AssumeRole' ? text(requestParameters?.sourceIdentity) : null;
}

function roleOf(identity: Fields, issuer: Fields): string | null {
  if (identity.type === 'Root') return 'root';
  return text(issuer.userName) ?? text(identity.userName) ?? text(identity.invokedBy);
}

function whatOf({ requestParameters, resources = [] }: Event): Pick<CloudTrailRow, 'resource' | 'key'> {
  const parameters = requestParameters ?? {};
  const bucket = text(parameters.bucketName);
  if (bucket !== null) return { resource: bucket, key: text(parameters.key) };
  const table = lastPart(resources.find(({ type }) => type === 'AWS::DynamoDB::Table')?.ARN ?? null);
  if (table !== null || parameters.tableName !== undefined)
    return { resource: table ?? text(parameters.tableName), key: itemKeys(parameters) };
  const [first] = resources;
  return { resource: first?.type ?? null, key: first?.ARN ?? null };
}

function itemKeys(parameters: Fields): string | null {
  if (parameters.key !== undefined) return JSON.stringify(parameters.key);
  const items = Array.isArray(parameters.requestItems) ? (parameters.requestItems as Fields[]) : [];
  const keys = items.flatMap(({ key }) => (key === undefined ? [] : [key]));
  return keys.length > 0 ? JSON.stringify(keys) : null;
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function lastPart(arn: string | null): string | null {
  return arn?.split('/').at(-1) ?? null;
}
