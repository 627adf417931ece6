import { pipeline } from 'node:stream/promises';
import type { Answer } from '../front-door/service.ts';
import { AwsError } from '../front-door/service.ts';
import { authorizationsFor, type Deciding } from './authorizations.ts';
import { describedIn } from './described.ts';
import { refusals } from './errors.ts';
import { wanted } from './get-object.ts';
import type { BucketCall } from './object-call.ts';
import { commit, requireCondition, written } from './put-object.ts';
import type { Store } from './store.ts';
import { xml } from './xml.ts';

/** CopyObject within one bucket: what its caller may read there, it may write elsewhere in it. */
export async function copyObject(given: BucketCall, store: Store, parts: Deciding): Promise<Answer> {
  const { bucket, key, headers } = given;
  const source = sourceOf(given);
  for (const authorization of authorizationsFor(source, parts)) {
    const verdict = given.call.streamed?.judge(authorization);
    if (!verdict?.allowed) throw refusals.accessDenied(verdict?.message);
  }
  const original = wanted(source);
  store.requireUsable(original.described.keyArn);
  const replaces = headers['x-amz-metadata-directive'] === 'REPLACE';
  if (source.key === key && !replaces) {
    throw refusals.invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const asked = describedIn(headers, bucket.settings, store.now(), store.keyArnOf);
  const { contentType, metadata, headers: kept } = replaces ? asked : original.described;
  const tags = headers['x-amz-tagging-directive'] === 'REPLACE' ? asked.tags : original.described.tags;
  store.requireUsable(asked.keyArn);
  const before = bucket.newest(key);
  requireCondition(given, before);

  const { file, stream } = store.files.begin();
  try {
    await pipeline(await store.files.read(original.pieces, 0, original.size - 1), stream);
    await store.files.keep(file);
  } catch (error) {
    store.files.remove(file);
    throw error;
  }
  return commit(file, store, () => {
    requireCondition(given, before);
    const { checksum, size } = original;
    const version = store.add(given, {
      ...{ key, size, lastModified: store.now(), isMultipart: false, pieces: [{ file, size }] },
      etag: asked.keyArn === undefined && !original.isMultipart ? original.etag : store.opaqueTag(),
      ...(checksum?.type === 'FULL_OBJECT' ? { checksum } : {}),
      described: { ...asked, contentType, metadata, headers: kept, tags },
    });
    const { etag, ...others } = written(version);
    const LastModified = new Date(version.lastModified).toISOString();
    return {
      headers: {
        ...others,
        ...(original.versionId === 'null' ? {} : { 'x-amz-copy-source-version-id': original.versionId }),
      },
      body: xml('CopyObjectResult', { LastModified, ETag: etag }),
    };
  });
}

/** What is copied, as the read that it is. */
function sourceOf(given: BucketCall): BucketCall {
  const [path = '', search = ''] = (given.headers['x-amz-copy-source'] ?? '').split('?');
  const decoded = decode(path).replace(/^\//, '');
  const name = decoded.slice(0, decoded.indexOf('/'));
  if (name !== given.bucket.settings.name) throw refusals.unserved('copies from another bucket');
  return {
    ...given,
    key: decoded.slice(name.length + 1),
    headers: {},
    query: new URLSearchParams(search),
    call: { ...given.call, operation: 'GetObject' },
  };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new AwsError(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
}
