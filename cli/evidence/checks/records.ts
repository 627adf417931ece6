import { listOf, type Resource, valueAt } from '../assembly.ts';
import { aKeyOfOurs, type Check, every, ofTypes, type Wish } from '../check.ts';

const sixYears = 2_192;

/** What holds for the records that an auditor relies on. */
export const recordChecks: readonly Check[] = [
  every(
    'records-locked',
    'What is sealed for auditors cannot be changed or deleted by anybody for six years: Object Lock in compliance mode.',
    ['AWS::S3::Bucket'],
    () => ({
      ObjectLockEnabled: true,
      'ObjectLockConfiguration.Rule.DefaultRetention.Mode': 'COMPLIANCE',
      'ObjectLockConfiguration.Rule.DefaultRetention': forSixYears,
      DeletionPolicy: 'Retain',
    }),
    isOfAudit,
  ),
  every(
    'trail-on',
    'CloudTrail records every Region, its files are signed by AWS and encrypted under a key of this deployment.',
    ['AWS::CloudTrail::Trail'],
    (trail, all) => ({
      IsLogging: true,
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
      EnableLogFileValidation: true,
      KMSKeyId: aKeyOfOurs(trail, all),
    }),
  ),
  every(
    'trail-of-data',
    'CloudTrail records who touched items and objects too, not only who changed settings.',
    ['AWS::CloudTrail::Trail'],
    () => ({ AdvancedEventSelectors: { says: 'selectors of data events', fits: hasDataEvents } }),
  ),
  {
    id: 'trail-watched',
    promises:
      'Somebody is told when the trail stops, a key is disabled, a policy changes, or the root user acts.',
    look: (all) => {
      const watched = JSON.stringify(
        ofTypes(all, ['AWS::Logs::MetricFilter', 'AWS::Events::Rule']).map(({ properties }) => properties),
      );
      return ['StopLogging', 'DeleteTrail', 'DisableKey', 'ScheduleKeyDeletion', 'Root'].map((event) => {
        const holds = watched.includes(event);
        const seen = holds ? 'watched for' : 'not watched for';
        return { resource: 'the whole template', property: event, expected: 'watched for', seen, holds };
      });
    },
  },
  {
    id: 'audit-table-append-only',
    promises:
      'Records are added to the audit table, and nobody’s policy lets them change or delete one; the sealer alone keeps its own place there.',
    look: (all) => {
      const tables = ofTypes(all, ['AWS::DynamoDB::Table']).filter(isOfAudit);
      return ofTypes(all, ['AWS::IAM::ManagedPolicy']).flatMap((policy) =>
        listOf(valueAt(policy.properties, 'PolicyDocument.Statement'))
          .filter((statement) => valueAt(statement, 'Effect') === 'Allow')
          .filter((statement) =>
            all.pointsTo(valueAt(statement, 'Resource'), policy.stack).some((one) => tables.includes(one)),
          )
          .map((statement) => {
            const actions = listOf(valueAt(statement, 'Action')).map(String);
            const expected = 'adding, or changes of the sealer’s own place';
            const holds = !actions.some((action) => changing.test(action)) || isOwnPlace(statement);
            return {
              resource: policy.path,
              property: 'PolicyDocument',
              expected,
              seen: actions.join(', '),
              holds,
            };
          }),
      );
    },
  },
];

/** What could change or take away an item that stands. */
const changing =
  /^(\*|dynamodb:(\*|UpdateItem|DeleteItem|BatchWriteItem|PartiQL\w+|DeleteTable|UpdateTable|ImportTable|RestoreTable\w*))$/;

function isOwnPlace(statement: unknown): boolean {
  const condition = JSON.stringify(valueAt(statement, 'Condition') ?? null);
  return /"dynamodb:LeadingKeys":"?\[?"?SEAL#/.test(condition);
}

const forSixYears: Wish = {
  says: `at least ${sixYears} days`,
  fits: (retention) => {
    const days = Number(valueAt(retention, 'Days') ?? 0) + Number(valueAt(retention, 'Years') ?? 0) * 365.25;
    return days >= sixYears - 1; // six years of 365.25 days, or 2192
  },
};

function hasDataEvents(selectors: unknown): boolean {
  return listOf(selectors).some((selector) =>
    listOf(valueAt(selector, 'FieldSelectors')).some(
      (field) =>
        valueAt(field, 'Field') === 'eventCategory' && listOf(valueAt(field, 'Equals')).includes('Data'),
    ),
  );
}

/** Whatever the stack of the audit trail holds, by its name's last part. */
function isOfAudit({ stack }: Resource): boolean {
  return stack.endsWith('-Audit');
}
