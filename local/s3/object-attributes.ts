import type { Answer } from '../front-door/service.ts';
import { elementOf } from './checksums.ts';
import { refusals } from './errors.ts';
import { wanted } from './get-object.ts';
import type { BucketCall } from './object-call.ts';
import { versionHeaders } from './object-headers.ts';
import { xml } from './xml.ts';

/** GetObjectAttributes: those that the request names. */
export function getAttributes(given: BucketCall): Answer {
  const { headers } = given;
  const named = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  if (named.includes('')) {
    throw refusals.invalidArgument(
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
      'x-amz-object-attributes',
      '',
    );
  }
  const version = wanted(given);
  const { checksum, pieces, isMultipart, etag, size, lastModified } = version;
  const element = checksum && elementOf(checksum.algorithm);
  const attributes: Record<string, unknown> = {
    ETag: etag,
    Checksum: checksum && element && { [element]: checksum.value, ChecksumType: checksum.type },
    ObjectParts: isMultipart
      ? {
          PartsCount: pieces.length,
          ...(element
            ? {
                Part: pieces.map((piece, place) => ({
                  PartNumber: place + 1,
                  Size: piece.size,
                  [element]: piece.checksum ?? '',
                })),
              }
            : {}),
        }
      : undefined,
    StorageClass: 'STANDARD',
    ObjectSize: size,
  };
  return {
    headers: { 'last-modified': new Date(lastModified).toUTCString(), ...versionHeaders(version) },
    body: xml(
      'GetObjectAttributesResponse',
      Object.fromEntries(named.map((name) => [name, attributes[name]])),
    ),
  };
}
