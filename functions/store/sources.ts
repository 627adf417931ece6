import type { Source } from '../domain/entry.ts';
import { Fault } from '../domain/fault.ts';

const SESSION_BYTES = 16;
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/;

/**
 * Whence a message came, in 51 bytes with the attribute's name and an IPv4 address: six texts of 300 bytes must fit one read unit. The
 * sign-in in its 16 bytes, then the address, a space, and the request.
 */
export function packedSource({ session, sourceIp, requestId }: Source): Uint8Array {
  if (!UUID.test(session)) throw new Fault('a sign-in has another form than Cognito gives it');
  const id = Buffer.from(session.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, Buffer.from(`${sourceIp} ${requestId}`)]);
}

export function unpackedSource(bytes: Uint8Array): Source {
  const packed = Buffer.from(bytes);
  const [sourceIp = '-', requestId = '-'] = packed.subarray(SESSION_BYTES).toString().split(' ');
  const session = packed
    .subarray(0, SESSION_BYTES)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { session, sourceIp, requestId };
}
