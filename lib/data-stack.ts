import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AttachmentStore } from './attachment-store.ts';
import { Backups } from './backups.ts';
import { ConversationStore } from './conversation-store.ts';
import { DoorBoundary } from './door-boundary.ts';
import { EncryptionKeys } from './encryption-keys.ts';
import { KeyStore } from './key-store.ts';
import { Logs } from './logs.ts';
import { ParkedQueue } from './parked-queue.ts';
import { PeopleStore } from './people-store.ts';
import { SessionStore } from './session-store.ts';
import type { Settings } from './settings.ts';
import { SignIn } from './sign-in.ts';

const GIBIBYTE = 2 ** 30;

/** What must outlive everything else: keys, tables, backups and the people who sign in. */
export class DataStack extends Stack {
  readonly logs: Logs;
  readonly doorBoundary: DoorBoundary;
  readonly conversations: ConversationStore;
  readonly people: PeopleStore;
  readonly sessions: SessionStore;
  readonly keys: KeyStore;
  readonly attachments: AttachmentStore;
  readonly signIn: SignIn;
  readonly parked: ParkedQueue;

  constructor(scope: Construct, id: string, settings: Settings) {
    const { protect, backupDays, keysRecoveryDays, retentionDays } = settings;
    super(scope, id, {
      description: 'Keys, tables, backups and sign-in: retained and protected',
      terminationProtection: protect,
    });

    this.doorBoundary = new DoorBoundary(this, 'DoorBoundary', settings.name);
    const encryptionKeys = new EncryptionKeys(this, 'EncryptionKeys', { protect });
    this.logs = new Logs({
      encryptionKey: encryptionKeys.logs,
      retentionDays: settings.logRetentionDays,
      removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });

    const backups = new Backups(this, 'Backups', {
      encryptionKey: encryptionKeys.data,
      keepDays: backupDays,
      protect,
    });
    const forData = { encryptionKey: encryptionKeys.data, backups, recoveryDays: 35, protect };
    this.conversations = new ConversationStore(this, 'Conversations', {
      ...forData,
      retentionDays,
      uploadQuota: {
        bytes: settings.attachments.gibibytesPerPersonPerDay * GIBIBYTE,
        uploads: settings.attachments.uploadsPerPersonPerDay,
      },
    });
    this.parked = new ParkedQueue(this, 'Parked', { encryptionKey: encryptionKeys.data });
    this.people = new PeopleStore(this, 'People', forData);
    this.sessions = new SessionStore(this, 'Sessions', { ...forData, signOut: settings.signOut });

    this.attachments = new AttachmentStore(this, 'Attachments', {
      encryptionKey: encryptionKeys.data,
      backups,
      deployment: settings.name,
      allowedOrigins: settings.allowedOrigins,
      protect,
    });

    // Whatever could bring a deleted key back ends on the same day; a shredded key is gone for good from then on.
    const keyBackups = new Backups(this, 'KeyBackups', {
      encryptionKey: encryptionKeys.keys,
      keepDays: keysRecoveryDays,
      protect,
    });
    this.keys = new KeyStore(this, 'Keys', {
      encryptionKey: encryptionKeys.keys,
      backups: keyBackups,
      recoveryDays: keysRecoveryDays,
      protect,
    });

    this.signIn = new SignIn(this, 'SignIn', {
      settings: settings.signIn,
      people: this.people,
      logs: this.logs,
      protect,
      deployment: settings.name,
    });

    new CfnOutput(this, 'BotTokenUrl', {
      value: this.signIn.tokenUrl,
      description: 'Where a bot gets its tokens: wardline users bot',
    });
    new CfnOutput(this, 'PeopleTable', {
      value: this.people.tableName,
      description: 'Table of people, for the operator: wardline users',
    });
    new CfnOutput(this, 'ConversationsTable', {
      value: this.conversations.tableName,
      description: 'Table of conversations, for the operator: wardline keys',
    });
    new CfnOutput(this, 'KeysTable', {
      value: this.keys.tableName,
      description: 'Table of wrapped keys, for the operator: wardline keys',
    });
    new CfnOutput(this, 'KeysRecoveryDays', {
      value: String(keysRecoveryDays),
      description: 'Days that a destroyed key can be brought back: wardline keys',
    });
    new CfnOutput(this, 'BackupDays', {
      value: String(backupDays),
      description: 'Days that a backup of a deleted attachment lasts: wardline keys',
    });
    new CfnOutput(this, 'AttachmentsBucket', {
      value: this.attachments.bucketName,
      description: 'Bucket of attachments, for the operator: what it lists are opaque ids',
    });
    new CfnOutput(this, 'SessionsTable', {
      value: this.sessions.tableName,
      description: 'Table of sessions, for the operator: wardline users revoke',
    });
  }
}
