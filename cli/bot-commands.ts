import { Command, InvalidArgumentError, Option } from 'commander';
import { endSessions } from '../functions/domain/revoke-session.ts';
import type { RevocationReceipt } from '../protocol/requests.ts';
import type { Place } from './add-person.ts';
import { addBot, deleteClient, endClients, type MadeClient, rotateBot } from './bots.ts';
import { botDeploymentOf, readAccess } from './deployment.ts';
import { exitCodes, Failure } from './failure.ts';
import { roomsAbout, roomsAboutAll } from './moving.ts';
import { operatorOf } from './operator.ts';
import { localOutputs, outputsOption, parsePlace, parseUsername, reportLost } from './users-arguments.ts';

const MINUTE_MS = 60_000;

/** Tokens that the old client has got before know nothing of its end, and live this long (in minutes). */
const SHORTEST_OVERLAP = 15;

interface Given {
  readonly out: string;
  readonly outputs?: string;
  readonly json?: true;
}

/** `wardline users bot`: machines that take part in the conversations they are added to. */
export function botCommand(): Command {
  const add = new Command('add')
    .description('makes a bot and its client, and writes the client’s secret into a file of its own')
    .option('--site <code>', 'the site it belongs to', parsePlace)
    .option('--department <code>', 'the department it belongs to', parsePlace)
    .action(async ({ out, outputs, json, ...place }: Given & Pick<Place, 'site' | 'department'>) => {
      const deployment = reached(outputs);
      const { now } = await roomsAboutAll(deployment, reportLost);
      print(await addBot({ operator: operatorOf(deployment), deployment, now }, place, out), json);
    });
  const rotate = new Command('rotate')
    .description('gives a bot a second client, and the first one an end')
    .argument('<bot>', 'its id', parseUsername)
    .addOption(
      new Option('--old-ends-in <minutes>', `when the client it has ends, at least ${SHORTEST_OVERLAP}`)
        .argParser(parseMinutes)
        .default(24 * 60),
    )
    .action(async (bot: string, { out, outputs, json, oldEndsIn }: Given & { oldEndsIn: number }) => {
      const deployment = reached(outputs);
      const { rooms, profile } = await roomsAbout(deployment, bot, reportLost);
      const botRooms = { operator: operatorOf(deployment), deployment, now: rooms.now };
      print(await rotateBot(botRooms, profile, rooms.now() + oldEndsIn * MINUTE_MS, out), json);
    });
  const end = new Command('end')
    .description('takes a bot’s clients away, ends what they have open, and prints the signed receipts')
    .argument('<bot>', 'its id', parseUsername)
    .option('--client <id>', 'only this client')
    .action(async (bot: string, { client, outputs, json }: Omit<Given, 'out'> & { client?: string }) => {
      print(await endBot(bot, client, outputs), json);
    });
  const secret = '--out <file>';
  const said = 'a new file that only you may read: the secret is written there and shown nowhere';
  for (const one of [add, rotate]) one.requiredOption(secret, said);
  for (const one of [add, rotate, end]) one.addOption(outputsOption()).option('--json', 'one line of JSON');
  return [add, rotate, end].reduce(
    (command, one) => command.addCommand(one),
    new Command('bot').description('machines that take part in the conversations they are added to'),
  );
}

/** The receipts of a bot's clients, or of the one that is named. */
async function endBot(
  bot: string,
  client: string | undefined,
  outputs?: string,
): Promise<readonly RevocationReceipt[]> {
  const deployment = reached(outputs);
  const { rooms, profile } = await roomsAbout(deployment, bot, reportLost);
  const botRooms = { operator: operatorOf(deployment), deployment, now: rooms.now };
  const ended = await endClients(botRooms, profile, client);
  const receipts: RevocationReceipt[] = [];
  for (const one of ended) {
    const receipt = await endSessions(rooms, 'operator', { profile, session: one.session }, rooms.now());
    if (receipt === 'too-many-ended')
      throw new Failure('finding', 'give users revoke for the whole bot instead');
    await deleteClient(botRooms, one);
    receipts.push(receipt);
  }
  if (receipts.some(({ socketsLeftOpen }) => socketsLeftOpen > 0)) process.exitCode = exitCodes.finding;
  return receipts;
}

function reached(outputs = localOutputs) {
  const access = readAccess(outputs);
  return botDeploymentOf(access.outputs, access.credentials);
}

function parseMinutes(given: string): number {
  const minutes = Number(given);
  if (Number.isInteger(minutes) && minutes >= SHORTEST_OVERLAP) return minutes;
  throw new InvalidArgumentError(`a whole number of minutes, at least ${SHORTEST_OVERLAP}.`);
}

function print(answer: MadeClient | readonly RevocationReceipt[], json: true | undefined): void {
  console.log(JSON.stringify(answer, null, json ? 0 : 2));
}
