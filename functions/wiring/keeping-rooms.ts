import { deletionList } from '../store/deletion-list.ts';
import { deletions } from '../store/heads.ts';
import { holds } from '../store/holds.ts';
import { restamps } from '../store/restamps.ts';
import { stampingStore } from '../store/stamping.ts';
import { setting } from './env.ts';
import { documents, open } from './rooms.ts';

/** The rooms of the doors that decide how long something is kept; the others start sooner without them. */
export const openKeeping = {
  holds: () => holds(documents, setting('conversationsTable')),
  restamps: () => restamps(documents, setting('conversationsTable')),
  deletions: () => deletions(documents, setting('conversationsTable')),
  deletionList: () => deletionList(documents, setting('conversationsTable')),
  stampingStore: () => stampingStore(documents, setting('conversationsTable')),
  /** What says how long something is kept, and brings it about. */
  keeping: () => ({
    retention: open.retention(),
    holds: openKeeping.holds(),
    restamps: openKeeping.restamps(),
  }),
};
