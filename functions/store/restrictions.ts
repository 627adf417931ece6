import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Restrictions } from '../domain/restrictions.ts';
import { keys } from './keys.ts';

/** Whom a patient wants kept out, in their profile: whoever changes what they are leaves it as it is. */
export function restrictions(client: DynamoDBDocumentClient, table: string): Restrictions {
  return {
    restrict: async (patient, people) => {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: keys.profile(patient),
          UpdateExpression: 'SET restrictions = :people',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':people': [...people] },
        }),
      );
    },
  };
}
