import type { Members, Version } from './members.ts';
import { type Answer, type Ask, type Call, type Observations, SKEW_MS, type Stored } from './observations.ts';
import { pageIsTrue } from './pages.ts';

/** Whether a call may have been answered as it was. */
export function answerIsTrue(seen: Observations, members: Members, call: Call): string[] {
  const { answer, ask } = call;
  if (!answer) return call.isDisturbed ? [] : ['was never answered'];
  if ('failed' in answer) return call.isDisturbed ? [] : [`failed: ${answer.failed}`];
  if ('refused' in answer) return refusalIsTrue(seen, members, call, ask, answer.refused);
  if ('send' in ask && 'accepted' in answer) return acceptanceIsTrue(seen, call, ask.send, answer.accepted);
  if ('change' in ask && 'members' in answer) return changeIsTrue(members, call, ask.change, answer.members);
  if ('read' in ask && 'page' in answer) return pageIsTrue(seen, members, call, ask.read, answer.page);
  return ['was answered something else'];
}

/** P1 and P3: what is acknowledged is stored as it was sent, and a repeat gets the first answer. */
function acceptanceIsTrue(
  { stored, retentionMs }: Observations,
  call: Call,
  asked: Extract<Ask, { send: unknown }>['send'],
  accepted: Extract<Answer, { accepted: unknown }>['accepted'],
): string[] {
  const entry = stored[accepted.seq - 1];
  if (!entry) return [`says ${accepted.seq}, which is not stored`];
  const wrong: string[] = [];
  if (entry.sender !== call.by || entry.ref !== asked.ref)
    wrong.push(`says ${entry.seq}, which is another's`);
  if (entry.messageId !== accepted.messageId || entry.at !== accepted.at) wrong.push('says it otherwise');
  if (entry.from > (call.returned ?? 0)) wrong.push('was answered before it was stored');
  const isExpired = entry.at + retentionMs <= call.now + SKEW_MS;
  if (!isExpired && (entry.body.kind !== 'text' || entry.body.text !== asked.text)) {
    wrong.push('has another text than what is stored');
  }
  return wrong;
}

function refusalIsTrue(
  { stored, stretch }: Observations,
  members: Members,
  call: Call,
  ask: Ask,
  code: string,
): string[] {
  if (stored.some((entry) => entry.call === call.id)) return [`was refused ${code} and stored all the same`];
  const { by } = call;
  const someVersion = (holds: (roles: Version['roles']) => boolean) =>
    call.sawStale || members.during(call).some(({ roles }) => holds(roles));
  const isTrue = () => {
    switch (code) {
      case 'not-a-member':
        return someVersion((roles) => !roles.has(by));
      case 'not-an-owner':
        return 'change' in ask && someVersion((roles) => roles.get(by) === 'member');
      case 'fixed-members':
        return 'change' in ask && members.versions.length === 1;
      case 'last-owner':
        return 'change' in ask && someVersion((roles) => orphans(roles, ask.change));
      case 'ref-reused':
        return (
          'send' in ask && stored.some((entry) => isOther(entry, by, ask.send) && cameBefore(entry, call))
        );
      case 'since-ahead':
        return 'send' in ask && stored.filter(({ until }) => until < call.invoked).length < ask.send.since;
      case 'behind':
        return 'send' in ask && stored.length - ask.send.since > stretch;
      default:
        return false;
    }
  };
  return isTrue() ? [] : [`was refused ${code} without a reason`];
}

function isOther(entry: Stored, by: string, asked: { ref: string; text: string }): boolean {
  const isText = entry.body.kind === 'text' && entry.body.text !== asked.text;
  return entry.sender === by && entry.ref === asked.ref && isText;
}

function cameBefore(entry: Stored, { returned = 0 }: Call): boolean {
  return entry.from <= returned;
}

function orphans(roles: Version['roles'], wish: Extract<Ask, { change: unknown }>['change']): boolean {
  const after = new Map(roles);
  if (wish.kind === 'member.removed') after.delete(wish.person);
  else after.set(wish.person, wish.role ?? after.get(wish.person) ?? 'member');
  return after.size > 0 && ![...after.values()].includes('owner');
}

/** A change of membership is answered with members that stood there during the call, the wish among them. */
function changeIsTrue(
  members: Members,
  call: Call,
  wish: Extract<Ask, { change: unknown }>['change'],
  answered: Extract<Answer, { members: unknown }>['members'],
): string[] {
  const said = new Map(answered.map(({ person, role }) => [person, role]));
  const isThis = ({ roles }: Version) =>
    roles.size === said.size && [...roles].every(([person, role]) => said.get(person) === role);
  const versions = call.sawStale ? members.versions : members.during(call);
  const wrong = versions.some(isThis) ? [] : ['was answered with members that never stood there meanwhile'];
  const role = said.get(wish.person);
  const holds =
    wish.kind === 'member.removed' ? role === undefined : role && (!wish.role || role === wish.role);
  return holds ? wrong : [...wrong, 'was answered with what was not asked'];
}
