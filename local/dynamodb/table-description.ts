import type { Table } from './table.ts';
import { type Document, object, objects } from './wire.ts';

/** The engine's description of a table with the names it has on AWS, and its key. */
export function describedAs(table: Table, engine: Document, keyIsUsable: boolean): Document {
  const withArns = (indexes: unknown) =>
    objects(indexes).map((index) => ({
      ...index,
      IndexArn: `${table.arn}/index/${String(index.IndexName)}`,
    }));
  return {
    ...engine,
    TableArn: table.arn,
    DeletionProtectionEnabled: table.isProtected,
    TableStatus: keyIsUsable ? engine.TableStatus : 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
    ...(engine.GlobalSecondaryIndexes
      ? { GlobalSecondaryIndexes: withArns(engine.GlobalSecondaryIndexes) }
      : {}),
    ...(engine.LocalSecondaryIndexes
      ? { LocalSecondaryIndexes: withArns(engine.LocalSecondaryIndexes) }
      : {}),
    ...(table.streamArn === undefined
      ? {}
      : {
          LatestStreamArn: table.streamArn,
          LatestStreamLabel: table.streamArn.replace(/^.*\/stream\//, ''),
        }),
    ...(table.keyArn === undefined
      ? {}
      : { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: table.keyArn } }),
  };
}

export function timeToLiveOf(table: Table): Document {
  return table.timeToLive === undefined
    ? { TimeToLiveStatus: 'DISABLED' }
    : { TimeToLiveStatus: 'ENABLED', AttributeName: table.timeToLive };
}

/** In what a kept table is not the one now asked for. */
export function differencesOf(definition: Document, engine: Document): string[] {
  const compared = {
    KeySchema: [definition.KeySchema, engine.KeySchema],
    AttributeDefinitions: [definition.AttributeDefinitions, engine.AttributeDefinitions],
    GlobalSecondaryIndexes: [
      indexes(definition.GlobalSecondaryIndexes),
      indexes(engine.GlobalSecondaryIndexes),
    ],
    LocalSecondaryIndexes: [indexes(definition.LocalSecondaryIndexes), indexes(engine.LocalSecondaryIndexes)],
    StreamSpecification: [object(definition.StreamSpecification), object(engine.StreamSpecification)],
  };
  return Object.entries(compared)
    .filter(([, [asked, kept]]) => canonical(asked) !== canonical(kept))
    .map(([name]) => name);
}

function indexes(given: unknown): unknown {
  return objects(given).map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));
}

/** Equal for equal contents: neither the order of members nor that of a list counts in any of these. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).toSorted().join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members
    .map(([name, member]) => `${name}:${canonical(member)}`)
    .toSorted()
    .join()}}`;
}
