import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainClient } from './client.mjs';
import { readDeployment } from './deployment.mjs';
import { signIn } from './sign-in.mjs';

// Two people of the local run's clinic exchange messages; one of them loses the connection and misses none.
const directory = process.argv[2] ?? '.wardline';
const deployment = readDeployment(join(directory, 'outputs.json'));
const people = JSON.parse(readFileSync(join(directory, 'people.json'), 'utf8'));
const [nurse, patient] = await Promise.all([enter('nurse'), enter('patient')]);

const { conversationId } = await nurse.client.createConversation('direct', [patient.id]);
console.log(`they share the conversation ${conversationId}`);
await nurse.client.catchUp(conversationId);
await patient.client.catchUp(conversationId);

const heard = new Promise((resolve) =>
  patient.client.on('entry', (_, { body }) => body.text === 'And after.' && resolve()),
);
await say(nurse, 'Good morning, how are you today?');
await say(patient, 'Better, thank you.');
patient.client.drop();
console.log('patient  loses the connection');
await say(nurse, 'Sent while you were away.');
await say(nurse, 'And after.');
await heard;
console.log('patient  has it all, in order:');
for (const { seq, body } of patient.client.entries(conversationId).slice(-4))
  console.log(`           ${seq}  ${body.text}`);
nurse.client.close();
patient.client.close();

async function enter(role) {
  const person = people.find((one) => one.role === role);
  const client = new PlainClient(deployment, await signIn(deployment, person));
  client.on(
    'entry',
    (_, entry) =>
      entry.sender && entry.sender !== person.id && console.log(`${role.padEnd(7)}  receives ${entry.seq}`),
  );
  const { expiresAt } = await client.connect();
  console.log(`${role.padEnd(7)}  is connected until ${expiresAt}`);
  return { id: person.id, role, client };
}

async function say({ role, client }, text) {
  const { seq } = await client.send(conversationId, text);
  console.log(`${role.padEnd(7)}  stored  ${seq}`);
}
