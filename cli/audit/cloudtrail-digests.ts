import { createHash, createPublicKey, verify } from 'node:crypto';
import { CloudTrailFiles, chainOf, type Digest, minuteOf, placeOf } from './cloudtrail-files.ts';

/** Something that is not as CloudTrail delivered it. */
export interface CloudTrailFinding {
  readonly kind: 'altered' | 'missing' | 'extra';
  /** The key of the file in its bucket, which is its path below the directory too. */
  readonly file: string;
  readonly reason: string;
}

export interface CloudTrailVerdict {
  /** In the order of time: the first is the first. None: everything that the digests cover is as it was delivered. */
  readonly findings: readonly CloudTrailFinding[];
  readonly digests: number;
  /** Log files that are as a digest says. */
  readonly logs: number;
  /** Times between which everything that was delivered is there, for each Region and trail. */
  readonly covered: readonly { readonly chain: string; readonly from: string; readonly to: string }[];
  /** Times in which logging was stopped, or digests were not made: nothing is proven of them. */
  readonly gaps: readonly { readonly chain: string; readonly from: string; readonly to: string }[];
  /** Keys of log files of which nothing is proven: newer than the newest digest, or of a time whose digest is lost. */
  readonly unproven: readonly string[];
}

/**
 * Verifies what CloudTrail delivered, offline and as CloudTrail's user guide documents it ("Custom implementations of CloudTrail
 * log file integrity validation"): each digest's signature, the chain of digests, and the hash of every log file that one names.
 *
 * `directory` holds the files under their keys (`AWSLogs/…/CloudTrail/…`, `AWSLogs/…/CloudTrail-Digest/…`), and beside them
 * `public-keys.json`, the answer of ListPublicKeys (`{PublicKeyList: [{Value, Fingerprint, …}]}`, values in base64), and
 * `signatures.json`, `{"<key of a digest>": "<its x-amz-meta-signature>"}` for every digest.
 *
 * A chain begins with a digest that has no predecessor, which is so where logging began. `since` (ISO 8601) lets it begin
 * later: the first digest that ends after it may name one that is not there. Throws where `public-keys.json` or `signatures.json`
 * is missing or no JSON. It cannot tell that the newest digests were taken away: whoever made the directory says which there were.
 */
export function verifyCloudTrail(
  directory: string,
  { since }: { readonly since?: string } = {},
): CloudTrailVerdict {
  const files = new CloudTrailFiles(directory);
  const chains = [...new Set(files.digests.map(chainOf))];
  const results = chains.map((chain) =>
    verifyChain(
      files.digests.filter((key) => chainOf(key) === chain),
      files,
      since,
    ),
  );
  const named = new Set(results.flatMap((result) => result.named));
  const all = results.flatMap(({ findings }) => findings);
  const { extra, unproven } = unnamed(files, named, results);
  const others = files.others.map((file) => ({
    ...{ at: '', kind: 'extra' as const, file },
    reason: 'it is neither a log file nor a digest by its name',
  }));
  return {
    findings: [...all, ...extra, ...others]
      .sort((one, other) => one.at.localeCompare(other.at))
      .map(({ kind, file, reason }) => ({ kind, file, reason })),
    digests: files.digests.length,
    logs: results.reduce((sum, { sound }) => sum + sound, 0),
    covered: results.flatMap(({ chain, spans }) => spans.map((span) => ({ chain, ...span }))),
    gaps: results.flatMap(({ chain, spans }) =>
      spans.slice(1).map(({ from }, index) => ({ chain, from: spans[index]?.to ?? '', to: from })),
    ),
    unproven,
  };
}

interface Found extends CloudTrailFinding {
  /** When, as a text that sorts. */
  readonly at: string;
}

interface Span {
  from: string;
  to: string;
}

interface ChainResult {
  readonly chain: string;
  readonly findings: Found[];
  readonly named: string[];
  readonly spans: Span[];
  /** Times whose digest is lost, or not what it was. */
  readonly holes: Span[];
  /** The end of the newest digest that is as CloudTrail signed it. */
  end: string;
  sound: number;
}

/** From the oldest to the newest: each digest by its own signature, then by what the next one says of it. */
function verifyChain(
  keys: readonly string[],
  files: CloudTrailFiles,
  since: string | undefined,
): ChainResult {
  const chain = chainOf(keys[0] ?? '');
  const digests = keys.map((key) => ({ key, digest: files.digest(key) }));
  const result: ChainResult = { chain, findings: [], named: [], spans: [], holes: [], end: '', sound: 0 };
  for (const { key, digest } of digests) {
    const at = digest?.digestEndTime ?? timeIn(key);
    const altered = digest ? whyNotAuthentic(key, digest, files) : 'it is no digest that can be read';
    if (altered !== undefined) result.findings.push({ at, kind: 'altered', file: key, reason: altered });
    if (!digest) continue;
    checkPredecessor(digest, result, files, since);
    if (altered === undefined) {
      extend(result.spans, digest);
      result.end = digest.digestEndTime;
      checkLogs(digest, result, files);
    } else result.named.push(...digest.logFiles.map(({ s3Object }) => s3Object)); // not believed; only not told of twice
  }
  return result;
}

/** Undefined where the digest lies where it was delivered and CloudTrail signed what it says. */
function whyNotAuthentic(key: string, digest: Digest, files: CloudTrailFiles): string | undefined {
  if (digest.digestS3Object !== key) return `it was delivered as ${digest.digestS3Object}`;
  const der = files.publicKeys.get(digest.digestPublicKeyFingerprint);
  if (!der) return `no public key has the fingerprint ${digest.digestPublicKeyFingerprint}`;
  const fingerprint = createHash('md5').update(der).digest('hex');
  if (fingerprint !== digest.digestPublicKeyFingerprint) return 'its public key has another fingerprint';
  const signature = files.signatures[key];
  if (signature === undefined) return 'its signature is not among the signatures';
  const { hash } = files.unpack(key);
  const text = [
    digest.digestEndTime,
    `${digest.digestS3Bucket}/${digest.digestS3Object}`,
    hash,
    digest.previousDigestSignature ?? 'null',
  ].join('\n');
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'pkcs1' });
  const holds = verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'hex'));
  return holds ? undefined : 'its signature is not of what it says';
}

/** The digest that this one says came before it must be there, as it says. */
function checkPredecessor(
  digest: Digest,
  { findings, holes, end }: ChainResult,
  files: CloudTrailFiles,
  since: string | undefined,
): void {
  const file = digest.previousDigestS3Object;
  if (file === null) return;
  const said = `which ${digest.digestS3Object} names as the digest before it`;
  const found = (kind: Found['kind'], reason: string) =>
    findings.push({ at: digest.digestStartTime, kind, file, reason });
  const hole = () => holes.push({ from: end, to: digest.digestStartTime });
  if (!files.digests.includes(file)) {
    hole();
    const isBefore = since !== undefined && digest.digestStartTime <= since;
    if (!isBefore) found('missing', `it is a digest ${said}`);
    return;
  }
  const isSame =
    files.unpack(file).hash === digest.previousDigestHashValue &&
    files.signatures[file] === digest.previousDigestSignature;
  if (isSame) return;
  hole();
  found('altered', `it is not the digest ${said}`);
}

function checkLogs(
  { logFiles, digestEndTime: at }: Digest,
  result: ChainResult,
  files: CloudTrailFiles,
): void {
  const present = new Set(files.logs);
  for (const { s3Object: file, hashValue, hashAlgorithm } of logFiles) {
    result.named.push(file);
    const found = (kind: Found['kind'], reason: string) =>
      result.findings.push({ at: `${at} ${file}`, kind, file, reason });
    if (!present.has(file)) found('missing', 'a digest names it');
    else if (hashAlgorithm !== 'SHA-256') found('altered', `its hash is made by ${hashAlgorithm}`);
    else if (files.unpack(file).hash !== hashValue) found('altered', 'its contents have another hash');
    else result.sound += 1;
  }
}

/** A digest without predecessor begins anew: what lies between is a gap. */
function extend(spans: Span[], { previousDigestS3Object, digestStartTime, digestEndTime }: Digest): void {
  const last = spans.at(-1);
  if (last && previousDigestS3Object !== null) last.to = digestEndTime;
  else spans.push({ from: digestStartTime, to: digestEndTime });
}

/** Log files that no digest names: put there by somebody else, or of a time of which no digest tells. */
function unnamed(
  files: CloudTrailFiles,
  named: ReadonlySet<string>,
  results: readonly ChainResult[],
): { readonly extra: readonly Found[]; readonly unproven: readonly string[] } {
  const rest = files.logs.filter((key) => !named.has(key));
  const isUntold = (key: string) => {
    const at = extended(minuteOf(key)).slice(0, 16);
    const { holes, end } = results.find(({ chain }) => placeIn(chain) === placeOf(key)) ?? {
      holes: [],
      end: '',
    };
    return (
      at >= end.slice(0, 16) || holes.some(({ from, to }) => at >= from.slice(0, 16) && at <= to.slice(0, 16))
    );
  };
  const reason =
    'no digest names it, and none is missing of the time in which its name says that it was delivered';
  return {
    extra: rest
      .filter((key) => !isUntold(key))
      .map((file) => ({ at: extended(minuteOf(file)), kind: 'extra', file, reason })),
    unproven: rest.filter(isUntold),
  };
}

/** Account and Region of a chain's log files, as their names have them. */
function placeIn(chain: string): string {
  return chain.replace(/^(\d{12})_CloudTrail-Digest_([a-z0-9-]+)_.*$/, '$1_CloudTrail_$2');
}

/** `20150817T1501` → `2015-08-17T15:01`, which sorts among the digests' own times. */
function extended(minute: string): string {
  return minute.replace(/^(....)(..)(..)T(..)(..).*$/, '$1-$2-$3T$4:$5');
}

function timeIn(key: string): string {
  return extended(/_(\d{8}T\d{6})Z\.json\.gz$/.exec(key)?.[1] ?? '');
}
