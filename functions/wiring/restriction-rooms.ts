import { restrictions } from '../store/restrictions.ts';
import { setting } from './env.ts';
import { documents } from './rooms.ts';

/** Whom patients want kept out; set by one door alone. */
export const openRestrictions = () => restrictions(documents, setting('peopleTable'));
