import { amendments } from '../store/amendments.ts';
import { setting } from './env.ts';
import { documents } from './rooms.ts';

/** Requests to amend messages; the doors that know of none start sooner without them. */
export const openAmendments = () => amendments(documents, setting('conversationsTable'));
