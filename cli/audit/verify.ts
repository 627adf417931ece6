import type { KeyObject } from 'node:crypto';
import { checkHeads, type Span } from './check-heads.ts';
import { checkManifest, type Suspicions } from './check-manifest.ts';
import type { Evidence } from './evidence.ts';
import { type Figures, type Finding, noFigures } from './findings.ts';
import { EXPORT, Export, Head, headPath, keyPath, MANIFEST } from './formats.ts';
import { fingerprintOf, isSigned, readKey } from './signatures.ts';

export interface Verifying {
  /** Keys that are known to be the deployment's from elsewhere; without any, the key in the export is taken at its word. */
  readonly trusted?: readonly KeyObject[];
  /** What is verified by itself beside the trail: CloudTrail's own files. */
  readonly besides?: () => Besides;
  /** Told now and then how far it has come. */
  readonly tell?: (doing: string) => void;
}

/** What was found in files that prove themselves in another way. */
export interface Besides {
  readonly findings: readonly Finding[];
  readonly notices: readonly string[];
}

/** What verification came to: sound where nothing was found. */
export interface Verdict {
  /** In the order of the trail; the first is where it begins to be wrong. */
  readonly findings: readonly Finding[];
  /** How many more there were than are kept. */
  readonly more: number;
  readonly notices: readonly string[];
  readonly figures: Figures;
  /** SHA-256 of the public keys that signatures were verified by, by key id. */
  readonly keys: Readonly<Record<string, string>>;
}

const MOST = 100;

/** Verifies an export by itself: nothing is asked of AWS, of us, or of the deployment. */
export async function verifyExport(
  evidence: Evidence,
  { trusted = [], besides, tell = () => {} }: Verifying = {},
): Promise<Verdict> {
  const figures = noFigures();
  const findings: Finding[] = [];
  const notices: string[] = [];
  const keys = new Map<string, KeyObject | undefined>();
  let more = 0;
  const found = (finding: Finding) => {
    if (findings.length < MOST) findings.push(finding);
    else more += 1;
  };

  const suspicions = await checkManifest(evidence, (path) => tell(`reading ${path}`));
  figures.files = suspicions.files;
  const claims = await readExport(evidence, found);
  const swapped = (path: string) => claims?.manifest === suspicions.manifest && suspicions.found.has(path);
  const keyOf = async (keyId: string) => {
    if (!keys.has(keyId)) keys.set(keyId, await keyFor(keyId, { evidence, trusted, swapped, found }));
    return keys.get(keyId);
  };
  if (claims) await checkExport(claims, keyOf, suspicions, found);

  const span = claims ? { first: claims.firstHead, last: claims.lastHead } : await spanOf(evidence);
  const reached = await checkHeads(
    {
      ...{ evidence, keyOf, figures, found },
      noted: (notice) => notices.push(notice),
      tell: (number) => tell(`head ${number} of ${span.last}, ${figures.records} records`),
    },
    span,
  );
  if (claims && reached !== undefined && reached !== claims.lastHeadHash)
    found({ problem: 'altered', path: EXPORT, what: 'the last head is not the one that was exported' });
  const beside = besides?.();
  for (const finding of beside?.findings ?? []) found(finding);
  notices.push(...(beside?.notices ?? []));
  addSuspicions(suspicions, claims, findings, found);
  notices.push(...(await noticesOf(evidence, span, figures, trusted)));
  const used = [...keys].flatMap(([keyId, key]) => (key ? [[keyId, fingerprintOf(key)] as const] : []));
  return { findings, more, notices, figures, keys: Object.fromEntries(used) };
}

async function readExport(
  evidence: Evidence,
  found: (finding: Finding) => void,
): Promise<Export | undefined> {
  const bytes = await evidence.file(EXPORT);
  if (!bytes) {
    found({ problem: 'missing', path: EXPORT, what: 'the signed statement of what was exported is missing' });
    return undefined;
  }
  try {
    return Export.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    found({ problem: 'altered', path: EXPORT, what: 'it cannot be read as the statement of an export' });
    return undefined;
  }
}

/** The key of a key id: as it is known from elsewhere, else as the export has it. Says it once where the export's own is another. */
async function keyFor(
  keyId: string,
  looking: {
    readonly evidence: Evidence;
    readonly trusted: readonly KeyObject[];
    /** Whether a file is not the one that the manifest has. */
    readonly swapped: (path: string) => boolean;
    readonly found: (finding: Finding) => void;
  },
): Promise<KeyObject | undefined> {
  const { evidence, trusted, swapped, found } = looking;
  const path = keyPath(keyId);
  const exported = await evidence.file(path);
  const key = exported && readKey(exported);
  const isTrusted = key && trusted.some((one) => fingerprintOf(one) === fingerprintOf(key));
  if (key && (isTrusted || (trusted.length === 0 && !swapped(path)))) return key;
  const what = exported ? 'this is not the key that signs for the deployment' : 'the public key is missing';
  found({ problem: exported ? 'forged' : 'missing', path, what });
  return trusted.length === 1 ? trusted[0] : undefined;
}

async function checkExport(
  claims: Export,
  keyOf: (keyId: string) => Promise<KeyObject | undefined>,
  { manifest, malformed }: Suspicions,
  found: (finding: Finding) => void,
): Promise<void> {
  const key = await keyOf(claims.keyId);
  if (key && !isSigned(claims, key))
    found({
      problem: 'forged',
      path: EXPORT,
      what: 'it was not signed by the key of the deployment, or was changed since',
    });
  else if (manifest === undefined)
    found({ problem: 'missing', path: MANIFEST, what: 'the list of what was exported is missing' });
  else if (manifest !== claims.manifest) {
    const at = malformed === undefined ? {} : { line: malformed };
    found({
      problem: 'altered',
      path: MANIFEST,
      ...at,
      what: 'it is not the list that was signed with the export',
    });
  }
}

/** What the manifest says against files, where nothing nearer was found in them, and the manifest itself can be believed. */
function addSuspicions(
  { found: suspected, manifest }: Suspicions,
  claims: Export | undefined,
  findings: readonly Finding[],
  found: (finding: Finding) => void,
): void {
  if (manifest === undefined || (claims && manifest !== claims.manifest)) return;
  const named = new Set(findings.map(({ path }) => path));
  for (const [path, finding] of suspected) {
    const isLater =
      finding.problem === 'missing' && path.startsWith('sealed/heads/') && namesGone(findings, path);
    if (!named.has(path) && !isLater) found(finding);
  }
}

/** Whether heads are known to be missing from before this one on. */
function namesGone(findings: readonly Finding[], path: string): boolean {
  return findings.some(
    ({ problem, path: first }) => problem === 'missing' && first.startsWith('sealed/heads/') && first < path,
  );
}

/** The numbers of the heads that lie there, where nobody says which should. */
async function spanOf(evidence: Evidence): Promise<Span> {
  let [first, last] = [1, 0];
  for await (const path of evidence.paths()) {
    const [, digits] = /^sealed\/heads\/(\d{12})\.json$/.exec(path) ?? [];
    if (digits === undefined) continue;
    if (last === 0) first = Number(digits);
    last = Number(digits);
  }
  return { first, last };
}

async function noticesOf(
  evidence: Evidence,
  { first, last }: Span,
  { begunBefore, tampering, repeats }: Figures,
  trusted: readonly KeyObject[],
): Promise<readonly string[]> {
  const bytes = first > 1 ? await evidence.file(headPath(first)) : undefined;
  const head = bytes && Head.safeParse(parsed(bytes)).data;
  return [
    ...(last < first ? ['nothing was sealed in the time that was exported'] : []),
    ...(head ? [`${head.total - head.count} records before head ${first} are no part of this export`] : []),
    ...(begunBefore > 0
      ? [`${begunBefore} conversations began before the first record here: what came before it is not shown`]
      : []),
    ...(tampering > 0
      ? [
          `${tampering} times somebody changed the table of records, which the sealed records of kind tampering tell: what is sealed stands`,
        ]
      : []),
    ...(repeats > 0 ? [`${repeats} records were sealed more than once, byte for byte`] : []),
    ...(trusted.length === 0
      ? [
          'the signing key was taken from the export itself: compare its fingerprint, or give the key with --key',
        ]
      : []),
  ];
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
