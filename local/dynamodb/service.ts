import type { Account } from '../account.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import { type Answer, AwsError, type AwsService, type Call, type TrailFacts } from '../front-door/service.ts';
import type { Authorization } from '../iam/policy.ts';
import type { Resource } from '../template/resource.ts';
import { authorizationsOf, type KeyPolicy } from './authorizations.ts';
import { EngineClient } from './engine-client.ts';
import { deleteExpired, type OnExpiring } from './expiry.ts';
import { halvesOf } from './half-transaction.ts';
import { InFlight } from './in-flight.ts';
import { TableStreams } from './streams.ts';
import { identifyTable, type Table, tableOf } from './table.ts';
import { describedAs, differencesOf, timeToLiveOf } from './table-description.ts';
import { ITEM_OPERATIONS, touchesOf } from './touches.ts';
import { trailOf } from './trail.ts';
import { countingUnits } from './transaction-units.ts';
import { type Document, object, objects } from './wire.ts';

export interface DynamoDbOptions {
  readonly account: Account;
  readonly clock: Clock;
  /** Where DynamoDB itself answers: a started engine, or any endpoint that speaks its protocol. */
  readonly engine: { readonly url: string; readonly accessKeyId: string };
  readonly keyPolicyOf: (keyArn: string) => KeyPolicy;
  /** How long an expired item may stay, in milliseconds of the clock. @default 5 minutes; AWS promises only days */
  readonly expiryLagMs?: number;
  readonly onExpiring?: OnExpiring;
  /** Where it is kept which records of streams are time to live's; absent: gone with the run. */
  readonly streamMarksFile?: string;
}

/** DynamoDB behind the front door: real tables in the engine, asked for as IAM, KMS and CloudTrail see them on AWS. */
export class DynamoDbService implements AwsService {
  static readonly identify = identifyTable;

  readonly name = 'dynamodb';
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'DynamoDB_20120810';

  /** The tables' streams, for Lambda's pollers. */
  readonly streams: TableStreams;
  private readonly options: DynamoDbOptions;
  private readonly engine: EngineClient;
  private readonly tables = new Map<string, Table>();
  private readonly halves = new Set<HalfShown>();
  private readonly inFlight = new InFlight();
  private nextSweep: CancelTimer | undefined;
  private sweeping: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(options: DynamoDbOptions) {
    this.options = options;
    this.engine = new EngineClient(options.engine.url, options.engine.accessKeyId);
    const { account, clock, keyPolicyOf, streamMarksFile: marksFile } = options;
    this.streams = new TableStreams({
      account,
      clock,
      engine: this.engine,
      keyPolicyOf,
      ...(marksFile === undefined ? {} : { marksFile }),
    });
  }

  /** Creates the table, or makes sure that the one kept from an earlier run is what the template asks for. */
  async addTable(resource: Resource): Promise<void> {
    const table = tableOf(resource, this.options.account);
    const existing = await this.describe(table.name);
    if (existing === undefined) {
      await this.engine.call('CreateTable', table.definition);
    } else {
      const differences = differencesOf(table.definition, existing);
      if (differences.length > 0) {
        throw new Error(
          `the kept table ${table.name} differs from the template in ${differences.join(', ')}; start again without kept data`,
        );
      }
    }
    this.tables.set(table.name, table);
    if (table.streamArn !== undefined) {
      this.streams.add(table, String((await this.describe(table.name))?.LatestStreamArn));
    }
    if (table.timeToLive !== undefined && this.nextSweep === undefined) this.planSweep();
  }

  /** Deletes what has expired by the clock, in every table; returns how many items went. */
  sweepExpired(): Promise<number> {
    const swept = this.sweeping.then(() => this.sweep()); // one at a time: each marks what it deleted
    this.sweeping = swept.catch(() => {});
    return swept;
  }

  /**
   * Applies each TransactWriteItems that `applies` picks in two steps and awaits `between`, so that a test can read what
   * a transaction in flight shows. Whoever writes one of its items meanwhile is refused as on AWS. Returns how to stop.
   * `first`: the places in TransactItems that become visible first. @default the first half of those that write
   */
  showHalf(
    applies: (call: Call) => boolean,
    between: () => Promise<void>,
    first?: readonly number[],
  ): () => void {
    const shown: HalfShown = { applies, between, first };
    this.halves.add(shown);
    return () => {
      this.halves.delete(shown);
    };
  }

  /** Forgets the sweep; the engine is closed by whoever started it. */
  close(): void {
    this.closed = true;
    this.nextSweep?.();
  }

  authorizations(call: Call): readonly Authorization[] {
    refuseUnknown(call.operation);
    refuseEmpty(call.input);
    const touches = touchesOf(call, this.tables);
    return authorizationsOf(
      call.operation,
      touches,
      this.tables,
      this.options.account,
      this.options.keyPolicyOf,
    );
  }

  async handle(call: Call): Promise<Answer> {
    refuseUnknown(call.operation);
    if (ITEM_OPERATIONS[call.operation] === undefined) return this.describeFor(call);

    this.requireKeys(call);
    const answer =
      call.operation === 'TransactWriteItems' ? await this.transact(call) : await this.write(call);
    if (ITEM_OPERATIONS[call.operation] === 'write') this.tellReaders(call);
    const { ConsumedCapacity, ...body } = answer;
    return {
      body: asksForUnits(call.input) ? answer : body,
      units: unitsOf(call.operation, ConsumedCapacity),
    };
  }

  trail(call: Call): TrailFacts {
    return trailOf(call, this.tables, this.options.account);
  }

  private async sweep(): Promise<number> {
    let deleted = 0;
    for (const table of this.tables.values()) {
      if (table.timeToLive === undefined) continue;
      deleted += await this.streams.marking(table, (starts) =>
        deleteExpired(this.engine, table, this.options.clock.now(), (...expiring) => {
          starts();
          this.options.onExpiring?.(...expiring);
        }),
      );
    }
    return deleted;
  }

  private tellReaders(call: Call): void {
    for (const name of new Set(touchesOf(call, this.tables).map(({ table }) => table))) {
      this.streams.changed(name);
    }
  }

  /** Asks for the units also where the caller did not. */
  private forward({ operation, input, body }: Call): Promise<Document> {
    return this.engine.call(
      operation,
      asksForUnits(input) ? body : { ...input, ReturnConsumedCapacity: 'TOTAL' },
    );
  }

  /** Refused where a half shown transaction holds what it writes. */
  private write(call: Call): Promise<Document> {
    return this.inFlight.write(call.operation, call.input, this.tables, () => this.forward(call));
  }

  private async transact(call: Call): Promise<Document> {
    const half = [...this.halves].find(({ applies }) => applies(call));
    const apply = half ? () => this.inTwoSteps(call.input, half) : () => this.write(call);
    const { answer, consumed } = await countingUnits(this.engine, this.tables, call.input, apply);
    return { ...answer, ConsumedCapacity: consumed };
  }

  private async inTwoSteps(input: Document, shown: HalfShown): Promise<Document> {
    const [first, second] = halvesOf(input, this.tables, shown.first);
    const release = await this.inFlight.hold(input, this.tables);
    try {
      await this.engine.call('TransactWriteItems', first);
      await shown.between();
      if (objects(second.TransactItems).length === 0) return {};
      return await this.engine.call('TransactWriteItems', second);
    } finally {
      release();
    }
  }

  private requireKeys(call: Call): void {
    for (const { table } of touchesOf(call, this.tables)) {
      const keyArn = this.tables.get(table)?.keyArn;
      if (keyArn !== undefined && !this.options.keyPolicyOf(keyArn).usable) {
        throw new AwsError(
          'InaccessibleEncryptionCredentialsException',
          `The table ${table} is not accessible: its AWS KMS key ${keyArn} is disabled or pending deletion`,
        );
      }
    }
  }

  private async describeFor(call: Call): Promise<Answer> {
    const [touch] = touchesOf(call, this.tables);
    const table = this.tables.get(touch?.table ?? '');
    const description = table && (await this.describe(table.name));
    if (table === undefined || description === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${touch?.table} not found`,
      );
    }
    if (call.operation === 'DescribeTimeToLive')
      return { body: { TimeToLiveDescription: timeToLiveOf(table) } };
    const usable = table.keyArn === undefined || this.options.keyPolicyOf(table.keyArn).usable;
    return { body: { Table: describedAs(table, description, usable) } };
  }

  private async describe(name: string): Promise<Document | undefined> {
    try {
      const { Table } = await this.engine.call('DescribeTable', { TableName: name });
      return object(Table);
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  private planSweep(): void {
    this.nextSweep = this.options.clock.after(this.options.expiryLagMs ?? FIVE_MINUTES_MS, () => {
      this.sweepExpired()
        .catch((error: unknown) => process.emitWarning(`expired items stay: ${String(error)}`))
        .finally(() => this.closed || this.planSweep());
    });
  }
}

interface HalfShown {
  readonly applies: (call: Call) => boolean;
  readonly between: () => Promise<void>;
  readonly first: readonly number[] | undefined;
}

const FIVE_MINUTES_MS = 5 * 60_000;

/** Tables come from the template alone, so of the operations on tables only those that describe are served. */
const DESCRIBING = new Set(['DescribeTable', 'DescribeTimeToLive']);

function refuseUnknown(operation: string): void {
  if (ITEM_OPERATIONS[operation] === undefined && !DESCRIBING.has(operation)) {
    throw new AwsError('UnknownOperationException', `the local tables do not serve ${operation}`);
  }
}

/** What names no table can be allowed to nobody: it is malformed before anyone asks who may. */
function refuseEmpty(input: Document): void {
  for (const member of ['TransactItems', 'RequestItems']) {
    const given = input[member];
    if (typeof given !== 'object' || given === null || Object.keys(given).length > 0) continue;
    const name = member.charAt(0).toLowerCase() + member.slice(1);
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${Array.isArray(given) ? '[]' : '{}'}' at '${name}' failed to satisfy ` +
        'constraint: Member must have length greater than or equal to 1',
    );
  }
}

function asksForUnits(input: Document): boolean {
  return input.ReturnConsumedCapacity === 'TOTAL' || input.ReturnConsumedCapacity === 'INDEXES';
}

function unitsOf(operation: string, consumed: unknown): { read: number; write: number } {
  const entries = Array.isArray(consumed) ? objects(consumed) : [object(consumed)];
  const units = entries.reduce((sum, entry) => sum + Number(entry.CapacityUnits ?? 0), 0);
  // A repeated transaction reads instead of writing.
  const reads =
    ITEM_OPERATIONS[operation] === 'read' || entries.some((entry) => entry.ReadCapacityUnits !== undefined);
  return reads ? { read: units, write: 0 } : { read: 0, write: units };
}
