import { type Ability, ofLists, ofPartitions, ofProfiles, ofQuarters, ofRequests } from './ability.ts';

/** What may be done with the tables of sessions, people, data keys and the audit trail. */
export const onOtherTables: Readonly<Record<string, Ability>> = {
  ReadSession: { actions: ['dynamodb:GetItem'], on: 'table Sessions' },
  AdmitCaller: { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], on: 'table Sessions' },
  ForgetSocket: { actions: ['dynamodb:UpdateItem'], on: 'table Sessions' },
  EndSessions: { actions: ['dynamodb:UpdateItem'], on: 'table Sessions' },
  LookThroughSessions: { actions: ['dynamodb:Scan'], on: 'table Sessions' },
  FindSocketsOfMembers: { actions: ['dynamodb:BatchGetItem'], on: 'table Sessions' },
  RecordDecisions: { actions: ['dynamodb:PutItem'], on: 'table AuditTrail', when: ofProfiles },
  RestrictPatients: { actions: ['dynamodb:UpdateItem'], on: 'table People', when: ofProfiles },
  ReadPerson: { actions: ['dynamodb:GetItem'], on: 'table People' },
  KeepRequests: {
    actions: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
    on: 'table People',
    when: ofRequests,
  },
  ReadPeople: { actions: ['dynamodb:BatchGetItem'], on: 'table People' },
  ReadLists: { actions: ['dynamodb:Query'], on: 'table People', when: ofLists },
  MarkOnLists: { actions: ['dynamodb:UpdateItem'], on: 'table People', when: ofLists },
  PutConversationOnLists: { actions: ['dynamodb:PutItem'], on: 'table People', when: ofLists },
  TakeConversationOffLists: { actions: ['dynamodb:DeleteItem'], on: 'table People', when: ofLists },
  ReadDataKeys: { actions: ['dynamodb:GetItem', 'dynamodb:Query'], on: 'table Keys' },
  ReadNamedDataKeys: { actions: ['dynamodb:GetItem'], on: 'table Keys' },
  KeepNewDataKeys: { actions: ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'], on: 'table Keys' },
  DestroyDataKeys: { actions: ['dynamodb:Scan', 'dynamodb:UpdateItem'], on: 'table Keys' },
  ShredDataKeys: {
    actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    on: 'table Keys',
  },
  AddPerson: { actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'], on: 'table People', when: ofProfiles },
  ChangePerson: { actions: ['dynamodb:UpdateItem'], on: 'table People', when: ofProfiles },
  LookThroughPeople: { actions: ['dynamodb:Scan'], on: 'table People' },
  KeepQuarterLists: {
    actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query'],
    on: 'table People',
    when: ofQuarters,
  },
  KeepSeals: { actions: ['dynamodb:UpdateItem'], on: 'table AuditTrail', when: ofPartitions('SEAL#*') },
};
