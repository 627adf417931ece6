import { downloads } from '../bucket/downloads.ts';
import { asPerson } from './as-person.ts';
import { s3 } from './attachment-rooms.ts';
import { setting } from './env.ts';
import { world } from './rooms.ts';

/** Downloads, signed as the person who fetches; the other doors of the bucket are smaller without STS's client. */
export function openDownloads() {
  const clientFor = asPerson({ roleArn: setting('downloadRoleArn'), now: world.now }, s3);
  return downloads(clientFor, setting('attachmentsBucket'), world.now);
}
