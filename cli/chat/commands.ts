import { ChatError } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import type { Screen } from './screen.ts';
import { NotNow, type Talk } from './talk.ts';

interface Command {
  readonly says: string;
  /** What must follow it. */
  readonly takes?: string;
  readonly run: (talk: Talk, given: string) => Promise<void> | void;
}

const commands: Readonly<Record<string, Command>> = {
  inbox: { says: 'your conversations, newest first', run: (talk) => talk.inbox() },
  open: {
    says: 'another conversation or a new one; several PERSONs make a group',
    takes: 'N, PERSON or ID',
    run: (talk, given) => talk.open(given),
  },
  older: { says: '20 earlier messages', run: (talk) => talk.older() },
  who: { says: 'who is in this conversation', run: (talk) => talk.who() },
  add: { says: 'somebody to this group', takes: 'PERSON', run: (talk, given) => talk.add(given) },
  remove: { says: 'somebody from this group', takes: 'PERSON', run: (talk, given) => talk.remove(given) },
  leave: { says: 'this group', run: (talk) => talk.leave() },
  state: { says: 'of the connection', run: (talk) => talk.state() },
};

const help = [
  ...Object.entries(commands).map(
    ([name, { takes = '', says }]) => `  ${`/${name} ${takes}`.padEnd(22)}  ${says}`,
  ),
  '  /quit                   ends; so do Ctrl-C and Ctrl-D',
  '  //text                  sends a message that begins with a slash',
];

/** Does what a line says; false where it says to end. What is refused is told, and nothing is sent by mistake. */
export async function obey(line: string, talk: Talk, screen: Screen): Promise<boolean> {
  const [, name, given = ''] = /^\/([a-z]+)\s*(.*)$/.exec(line.trim()) ?? [];
  if (name === 'quit') return false;
  try {
    await act(line, name, given.trim(), talk, screen);
  } catch (error) {
    tellRefused(error, screen);
  }
  return true;
}

async function act(
  line: string,
  name: string | undefined,
  given: string,
  talk: Talk,
  screen: Screen,
): Promise<void> {
  if (name === 'help') return screen.tell({ event: 'help', lines: help });
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command?.takes && !given) throw new NotNow(`/${name} takes ${command.takes}`);
  if (command) return command.run(talk, given);
  if (line.startsWith('/') && !line.startsWith('//'))
    throw new NotNow('there is no such command: /help lists them');
  if (line.trim() === '') return;
  if (!talk.isOpen && /^\d+$/.test(line.trim())) return talk.open(line.trim());
  talk.send(line.startsWith('//') ? line.slice(1) : line);
}

/** @throws what is no refusal but a fault */
function tellRefused(error: unknown, screen: Screen): void {
  if (error instanceof ChatError) screen.tell({ event: 'refused', code: error.code, message: error.message });
  else if (error instanceof NotNow || error instanceof Failure)
    screen.tell({ event: 'note', text: error.message });
  else throw error;
}
