import { destructibleKeys } from '../store/destructible-keys.ts';
import { titles } from '../store/heads.ts';
import { shreds } from '../store/shreds.ts';
import { setting } from './env.ts';
import { documents } from './rooms.ts';

const tables = () => ({ keys: setting('keysTable'), conversations: setting('conversationsTable') });

/** The rooms of the two doors that destroy keys; the others are smaller and start sooner without them. */
export const openKeys = {
  destructible: () => destructibleKeys(documents, tables()),
  titles: () => titles(documents, setting('conversationsTable')),
  shreds: () => shreds(documents, tables()),
};
