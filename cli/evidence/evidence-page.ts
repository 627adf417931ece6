import type { Finding } from './check.ts';
import type { Evidence, Snapshot } from './evidence.ts';
import { badge, breakable, escaped, page, table } from './html.ts';
import type { Asset } from './inventory.ts';
import type { JudgedControl, JudgedSafeguard, Evidence as Shown } from './judge.ts';
import type { Answer } from './live/ask.ts';
import { questions } from './live/questions.ts';
import type { NetworkMap } from './network-map.ts';
import { waysTables } from './ways-tables.ts';

/** `evidence.html`: the whole pack for somebody who reads, from how it stands to what each line rests on. */
export function evidencePage({ evidence, inventory, map }: Snapshot, svg: string): string {
  return page(`Evidence of ${evidence.stacks.join(', ')}`, [
    ...opening(evidence),
    ...matrix(evidence),
    ...broken(evidence),
    ...details(evidence),
    ...rules(evidence),
    ...live(evidence),
    ...figures(evidence),
    ...mapped(map, svg),
    ...assets(inventory),
    ...provenance(evidence),
  ]);
}

function opening({ safeguards, rules, answers, binding }: Evidence): readonly string[] {
  const ofBinding = safeguards.map((one) => (binding === 'current' ? one.stateToday : one.stateProposed));
  const states = [
    'holds',
    'holds for our part',
    'in part',
    'fails',
    'not shown',
    'not built',
    'the organisation’s',
    'AWS’s',
  ];
  const counted = states
    .map((state) => [state, ofBinding.filter((one) => one === state).length] as const)
    .filter(([, count]) => count > 0);
  const asked = answers.filter(({ silence }) => silence === undefined).length;
  return [
    `<p><strong>${binding === 'current' ? 'The rule in force is binding' : 'The proposal of 2025 is binding'}</strong> by this deployment’s settings. The other column is there to compare. The proposal is 90 FR 898 of 6 January 2025, not final as of November 2026. The words for the rules are ours and no legal advice; nobody is certified by this.</p>`,
    `<ul class="figures">${counted.map(([state, count]) => `<li><strong>${count}</strong>${badge(state)}</li>`).join('')}</ul>`,
    `<p>${rules.filter(({ holds }) => holds).length} of ${rules.length} rules are kept by the template. The running deployment answered ${asked} of ${answers.length} questions; why it was not asked the others stands beside each.</p>`,
    '<p><strong>Holds</strong>: something that ran says so, and nothing that ran says otherwise. <strong>For our part</strong>: the rest is for the organisation or AWS, and is named. <strong>In part</strong>: something of ours is not shown, not tried in the report of tests that was given, or not built. No line holds by assertion.</p>',
    '<nav aria-label="Contents"><p><a href="#matrix">Safeguards</a> · <a href="#details">What each rests on</a> · <a href="#rules">Template</a> · <a href="#live">Running deployment</a> · <a href="#records">Records</a> · <a href="#map">Network map</a> · <a href="#assets">Inventory</a> · <a href="#provenance">How to check this pack</a></p></nav>',
  ];
}

function matrix({ safeguards, binding }: Evidence): readonly string[] {
  const mark = (column: Evidence['binding']) => (binding === column ? ' (binding)' : '');
  const kind = binding === 'current' ? 'first' : 'second';
  return [
    '<h2 id="matrix" class="follows">Safeguards</h2>',
    ...table(
      'Each safeguard under both texts, side by side',
      [
        '45 CFR',
        'Safeguard',
        `Rule in force${mark('current')}`,
        'It stands',
        `Proposal of 2025${mark('proposal-2025')}`,
        'It would stand',
      ],
      safeguards.map((one) => [
        `<a href="#${anchor(one)}">${escaped(one.cfr)}</a>`,
        escaped(one.name),
        one.today === 'proposed' ? 'not asked' : `<strong>${one.today}</strong>. ${escaped(one.asks)}`,
        badge(one.stateToday),
        `<strong>required</strong>. ${escaped(one.wouldAsk)}`,
        badge(one.stateProposed),
      ]),
      `matrix ${kind}`,
    ),
  ];
}

/** What needs doing comes before what does not. */
function broken({ rules, answers }: Evidence): readonly string[] {
  const faults = [
    ...rules
      .filter(({ holds }) => !holds)
      .flatMap(({ promises, findings }) =>
        findings.length === 0
          ? [[escaped(promises), 'nothing of the kind stands in the template', '', '']]
          : findings.filter(({ holds }) => !holds).map((finding) => [escaped(promises), ...cells(finding)]),
      ),
    ...answers.flatMap(({ question, findings }) =>
      findings
        .filter(({ holds }) => !holds)
        .map((finding) => [escaped(`asked: ${question}`), ...cells(finding)]),
    ),
  ];
  if (faults.length === 0)
    return ['<p><strong>Nothing that was looked at is other than promised.</strong></p>'];
  return [
    '<h2 class="follows">What is not as promised</h2>',
    ...table('Each break, with where it stands', ['Promise', 'Where', 'Expected', 'Seen'], faults),
  ];
}

function cells({ resource, property, expected, seen }: Finding): readonly string[] {
  return [`<code>${breakable(resource)}</code><br>${escaped(property)}`, escaped(expected), escaped(seen)];
}

function details({ safeguards }: Evidence): readonly string[] {
  return [
    '<h2 id="details">What each safeguard rests on</h2>',
    ...safeguards.flatMap((one) => [
      `<section class="safeguard" aria-labelledby="${anchor(one)}"><h3 id="${anchor(one)}">${escaped(one.cfr)} ${escaped(one.name)}</h3>`,
      `<p class="small">Rule in force: ${badge(one.stateToday)} Proposal of 2025: ${badge(one.stateProposed)} Result <code>${one.sha256}</code></p>`,
      ...one.controls.flatMap(control),
      '</section>',
    ]),
  ];
}

function control({ says, state, evidence, onlyProposal }: JudgedControl): readonly string[] {
  return [
    '<div class="control">',
    `<p>${badge(state)} ${escaped(says)}${onlyProposal ? ' <em>(proposal only)</em>' : ''}</p>`,
    ...(evidence.length > 0 ? [`<ul class="plain small">${evidence.map(shown).join('')}</ul>`] : []),
    '</div>',
  ];
}

const kinds = { template: 'rule', live: 'asked', test: 'test', records: 'counted' } as const;
const outcomes = { holds: 'good', fails: 'bad', none: 'plain' } as const;

function shown({ kind, id, outcome, seen }: Shown): string {
  return `<li>${kinds[kind]} <code>${escaped(id)}</code>: <span class="${outcomes[outcome]}">${escaped(seen)}</span></li>`;
}

function rules({ rules: all }: Evidence): readonly string[] {
  return [
    '<h2 id="rules">What the template holds</h2>',
    '<p>Each rule was looked for in every resource that it is about. All findings, with property, expected and seen value, stand in <code>evidence.json</code>.</p>',
    ...table(
      'Rules over the template',
      ['Rule', 'Promise', 'Kept', 'Looked at'],
      all.map(({ id, promises, holds, findings }) => [
        `<code>${id}</code>`,
        escaped(promises),
        badge(holds ? 'holds' : 'fails'),
        breakable(lookedAt(findings)),
      ]),
    ),
  ];
}

function lookedAt(findings: readonly Finding[]): string {
  const places = [...new Set(findings.map(({ resource }) => resource))];
  const named = places.slice(0, 4).join(', ');
  return places.length > 4
    ? `${named} and ${places.length - 4} more`
    : named || 'nothing of the kind stands there';
}

function live({ answers }: Evidence): readonly string[] {
  const alike = new Map<string, Answer[]>();
  for (const answer of answers) {
    const told = answer.findings.map(({ property, seen, holds }) => `${property}=${seen}=${holds}`);
    const key = [answer.question, answer.silence ?? '', ...told].join('\n');
    alike.set(key, [...(alike.get(key) ?? []), answer]);
  }
  return [
    '<h2 id="live">What the running deployment answers</h2>',
    '<p>Settings were read by calls of AWS with the operator’s credentials. What was not asked says why, and how an auditor asks it by hand.</p>',
    ...table(
      'Settings as they are now',
      ['Asked', 'Of', 'Answer', 'State'],
      [...alike.values()].map((same) => liveRow(same)),
      'live',
    ),
  ];
}

function liveRow(same: readonly Answer[]): readonly string[] {
  const { call, question, silence, findings } = same[0] as Answer;
  const asks = questions.find(({ id }) => id === question);
  const names = same.map(({ resource }) => resource);
  const more = names.length > 8 ? `<br>and ${names.length - 8} more` : '';
  return [
    `${escaped(asks?.says ?? '')}<br><code>${escaped(call)}</code>`,
    `<code>${names.slice(0, 8).map(breakable).join('<br>')}</code>${more}`,
    silence === undefined
      ? findings.map(({ property, seen }) => `${escaped(lastName(property))}: ${escaped(seen)}`).join('<br>')
      : escaped(silence),
    badge(silence !== undefined ? 'not shown' : findings.every(({ holds }) => holds) ? 'holds' : 'fails'),
  ];
}

function lastName(property: string): string {
  return property.split('.').at(-1) ?? '';
}

function figures({ figures: all }: Evidence): readonly string[] {
  return [
    '<h2 id="records" class="follows">What the sealed records count</h2>',
    ...table(
      'Figures',
      ['Figure', 'Says', 'Seen'],
      all.map(({ id, says, seen }) => [`<code>${escaped(id)}</code>`, escaped(says), escaped(seen)]),
    ),
  ];
}

function mapped(map: NetworkMap, svg: string): readonly string[] {
  return ['<h2 id="map">ePHI network map</h2>', svg.trim(), ...waysTables(map)];
}

/** What has no state of its own is counted, not listed: roles, routes, permissions. */
const listed =
  /(DynamoDB::(Global)?Table|::(Bucket|Queue|Topic|Key|UserPool|Api|BackupVault|Trail|MalwareProtectionPlan))$/;

function assets(inventory: readonly Asset[]): readonly string[] {
  const shownOnes = inventory.filter(({ type, ephi }) => listed.test(type) || ephi === 'not written down');
  const counted = new Map<string, number>();
  for (const { type } of inventory) if (!listed.test(type)) counted.set(type, (counted.get(type) ?? 0) + 1);
  return [
    '<h2 id="assets">Technology asset inventory</h2>',
    `<p>${inventory.length} assets. Here stand those that keep something, what listens and the keys; every single one stands in <code>inventory.csv</code> and <code>inventory.json</code>.</p>`,
    ...table(
      'What keeps, listens or encrypts',
      ['Asset', 'Type', 'ePHI', 'Holds', 'Key', 'Kept', 'With its stack'],
      shownOnes.map(({ asset, type, ephi, holds, key, retention, onDeletion }) => [
        `<code>${breakable(asset)}</code>`,
        ...[type.replace('AWS::', ''), ephi, holds, key, retention, onDeletion].map(breakable),
      ]),
      'assets',
    ),
    ...table(
      'All other assets, by type',
      ['Type', 'Count'],
      [...counted].sort().map(([type, count]) => [breakable(type), String(count)]),
    ),
  ];
}

function provenance({ templates }: Evidence): readonly string[] {
  return [
    '<h2 id="provenance">How to check this pack</h2>',
    '<p><code>npx wardline audit evidence verify DIR</code> compares every file with the SHA-256 in <code>manifest.json</code>, and the manifest’s signature with <code>signing-key.pem</code>. Whoever could change the pack could put another key into it, so compare the key’s SHA-256 with that of <code>aws kms get-public-key --key-id</code> of the deployment’s signing key, or pass one that you had before with <code>--key</code>.</p>',
    '<p>By hand: <code>sha256sum</code> of each file; the signature is ECDSA P-256 over the manifest without its member <code>signature</code> as canonical JSON (RFC 8785).</p>',
    ...table(
      'Templates this was drawn from',
      ['File', 'SHA-256'],
      Object.entries(templates).map(([file, hash]) => [
        `<code>${escaped(file)}</code>`,
        `<code>${hash}</code>`,
      ]),
    ),
  ];
}

function anchor({ cfr }: JudgedSafeguard): string {
  return `s${cfr.replace(/[^0-9a-zA-Z]+/g, '-')}`;
}
