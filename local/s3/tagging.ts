import type { Answer } from '../front-door/service.ts';
import { wanted } from './get-object.ts';
import { documentOf } from './intake.ts';
import type { BucketCall } from './object-call.ts';
import { versionHeaders } from './object-headers.ts';
import type { Store } from './store.ts';
import { tagsInXml } from './tags.ts';
import { xml } from './xml.ts';

export function getTags(given: BucketCall): Answer {
  const version = wanted(given);
  const Tag = Object.entries(version.described.tags).map(([Key, Value]) => ({ Key, Value }));
  return { body: xml('Tagging', { TagSet: { Tag } }), headers: versionHeaders(version) };
}

/** Replaces all tags of a version. */
export async function putTags(given: BucketCall, store: Store): Promise<Answer> {
  const tags = tagsInXml(await documentOf(given.call, given.headers));
  const version = given.bucket.change(wanted(given), { tags });
  store.tell({ kind: 'Object Tags Added', reason: '', bucket: given.bucket, version, by: given.call });
  return { headers: versionHeaders(version) };
}

export function deleteTags(given: BucketCall, store: Store): Answer {
  const version = given.bucket.change(wanted(given), { tags: {} });
  store.tell({ kind: 'Object Tags Deleted', reason: '', bucket: given.bucket, version, by: given.call });
  return { status: 204, headers: versionHeaders(version) };
}
