import { previews } from '../pictures/previews.ts';

/** The room of the door that decodes pictures; the others start sooner without decoders. */
export const openPictures = { previews };
