'use strict';
const {
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  DeleteItemCommand,
} = require('@aws-sdk/client-dynamodb');
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge');
const {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} = require('@aws-sdk/client-apigatewaymanagementapi');

const db = new DynamoDBClient({});
const bus = new EventBridgeClient({});
const TableName = process.env.BOOKINGS;
const json = (statusCode, body) => ({ statusCode, body: JSON.stringify(body) });

exports.book = async (event) => {
  const member = event.requestContext.authorizer.jwt.claims.sub;
  const court = event.pathParameters.court;
  const { slot, price } = JSON.parse(event.body);
  try {
    await db.send(
      new PutItemCommand({
        TableName,
        Item: { court: { S: court }, slot: { S: slot }, member: { S: member }, price: { N: String(price) } },
        ConditionExpression: 'attribute_not_exists(slot)',
      }),
    );
  } catch (error) {
    if (error.name === 'ConditionalCheckFailedException') return json(409, { message: 'taken' });
    throw error;
  }
  await bus.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: process.env.BUS,
          Source: 'courts',
          DetailType: 'Booked',
          Detail: JSON.stringify({ court, slot, price }),
        },
      ],
    }),
  );
  return json(201, { court, slot, hold: Number(process.env.HOLD) * 2 });
};

exports.mine = async (event) => {
  const { Items } = await db.send(
    new QueryCommand({
      TableName,
      IndexName: 'byMember',
      KeyConditionExpression: '#m = :m',
      ExpressionAttributeNames: { '#m': 'member' },
      ExpressionAttributeValues: { ':m': { S: event.requestContext.authorizer.claims.sub } },
    }),
  );
  return {
    ...json(
      200,
      Items.map((item) => `${item.court.S}@${item.slot.S}`),
    ),
    multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], 'X-Resource': [event.resource] },
  };
};

exports.cheapest = async (event) => {
  const { Items } = await db.send(
    new QueryCommand({
      TableName,
      IndexName: 'byPrice',
      KeyConditionExpression: 'court = :c',
      ExpressionAttributeValues: { ':c': { S: event.queryStringParameters.court } },
      Limit: 1,
    }),
  );
  return { cheapest: Items[0].slot.S };
};

exports.socket = async (event) => {
  const { routeKey, connectionId } = event.requestContext;
  const key = { court: { S: 'watchers' }, slot: { S: connectionId } };
  if (routeKey === 'watch') await db.send(new PutItemCommand({ TableName, Item: key }));
  if (routeKey === '$disconnect') await db.send(new DeleteItemCommand({ TableName, Key: key }));
  return { statusCode: 200, body: 'watching' };
};

exports.announce = async (event) => {
  const sockets = new ApiGatewayManagementApiClient({ endpoint: process.env.SOCKETS });
  const { Items } = await db.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'court = :c',
      ExpressionAttributeValues: { ':c': { S: 'watchers' } },
    }),
  );
  for (const { body } of event.Records)
    for (const { slot } of Items)
      await sockets.send(new PostToConnectionCommand({ ConnectionId: slot.S, Data: body }));
  return { batchItemFailures: [] };
};

exports.ledger = async (event) => {
  for (const record of event.Records)
    console.log(`ledger ${record.eventName} ${record.dynamodb.Keys.court.S}`);
};

exports.forbidden = async () => {
  try {
    await db.send(new DeleteItemCommand({ TableName, Key: { court: { S: 'x' }, slot: { S: 'y' } } }));
    return 'deleted';
  } catch (error) {
    return `${error.name}: ${/explicit deny/.test(error.message)}`;
  }
};
