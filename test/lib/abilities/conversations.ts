import { type Ability, ofEnds, ofPartitions } from './ability.ts';

/** What may be done with the table of conversations, and with what else stands in it. */
export const onConversations: Readonly<Record<string, Ability>> = {
  ReadConversations: { actions: ['dynamodb:GetItem', 'dynamodb:Query'], on: 'table Conversations' },
  ReadManyHeads: { actions: ['dynamodb:BatchGetItem'], on: 'table Conversations' },
  AppendToConversations: { actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'], on: 'table Conversations' },
  ForgetEnds: { actions: ['dynamodb:DeleteItem'], on: 'table Conversations', when: ofEnds },
  SealTitlesAnew: { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], on: 'table Conversations' },
  MarkShredded: {
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
  },
  BeginConversations: { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'table Conversations' },
  ReadHolds: { actions: ['dynamodb:Query'], on: 'table Conversations', when: ofPartitions('POLICY#HOLDS') },
  CheckHolds: {
    actions: ['dynamodb:ConditionCheckItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY'),
  },
  CheckHeads: { actions: ['dynamodb:ConditionCheckItem'], on: 'table Conversations' },
  SettleHolds: {
    actions: ['dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY#HOLDS'),
  },
  SetRetention: {
    actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY'),
  },
  KeepHolds: {
    actions: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY*'),
  },
  FindHeads: { actions: ['dynamodb:GetItem'], on: 'table Conversations' },
  RestampConversations: {
    actions: ['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
  },
  ReviewEmergencies: {
    actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
    on: 'table Conversations',
    when: ofPartitions('EMERGENCIES'),
  },
  AskForAmendments: {
    actions: ['dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('AMENDMENTS'),
  },
  AskForExports: {
    actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('EXPORTS'),
  },
  NoteExports: { actions: ['dynamodb:PutItem'], on: 'table Conversations', when: ofPartitions('EXPORTS') },
  ListExports: { actions: ['dynamodb:Query'], on: 'table Conversations', when: ofPartitions('EXPORTS') },
  ReadPolicy: { actions: ['dynamodb:GetItem'], on: 'table Conversations', when: ofPartitions('POLICY') },
  ReadShreds: { actions: ['dynamodb:GetItem'], on: 'table Conversations', when: ofPartitions('SHREDS') },
  WatchEmergencies: {
    actions: ['dynamodb:Query', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
    when: ofPartitions('EMERGENCIES'),
  },
  BeginUploads: { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'table Conversations' },
  CountUploads: { actions: ['dynamodb:UpdateItem'], on: 'table Conversations', when: ofPartitions('U#*') },
  NoteUploads: {
    actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
  },
  NoteAttachments: { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], on: 'table Conversations' },
  ListAttachmentsOver: {
    actions: ['dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('OVER'),
  },
  FindAttachmentsOver: { actions: ['dynamodb:Query'], on: 'table Conversations', when: ofPartitions('OVER') },
  ForgetAttachments: { actions: ['dynamodb:DeleteItem'], on: 'table Conversations' },
  RaiseHeads: { actions: ['dynamodb:UpdateItem'], on: 'table Conversations' },
};
