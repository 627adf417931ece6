import * as z from 'zod';
import { DeviceKind } from './bodies.ts';
import { Instant, id, PersonId, SessionId } from './ids.ts';
import { RevocationReceipt } from './requests.ts';
import { Role } from './roles.ts';

/**
 * What somebody signs in with: a staff number or a random name. It stands in Cognito and in CloudTrail, so it must say
 * nothing of the person, and an e-mail address is refused.
 */
export const Username = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, hyphens and underscores')
  .meta({ id: 'Username' });

/**
 * The organisation's own code of a site or a department. It stands in profiles and tokens and in nothing else, so it is
 * taken for an id: it must be a code, as the organisation's plan of itself has it, and name nobody.
 */
export const PlaceCode = id<'place'>(
  z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens and underscores')
    .meta({ id: 'PlaceCode' }),
);

/** The most patients for whom one caregiver acts: they travel in every token. */
export const MAX_ACTS_FOR = 20;

const Roles = z.array(Role).min(1).max(Role.options.length);
const ActsFor = z.array(PersonId).max(MAX_ACTS_FOR);

/** Only a caregiver acts for somebody. */
const onlyCaregiversAct = ({ roles, actsFor = [] }: { roles: Role[]; actsFor?: string[] | undefined }) =>
  actsFor.length === 0 || roles.includes('caregiver');

/** `POST /admin/people`: makes somebody who can sign in; may be repeated until they have. */
export const CreatePerson = z
  .strictObject({
    username: Username,
    roles: Roles,
    actsFor: ActsFor.optional(),
    site: PlaceCode.optional(),
    department: PlaceCode.optional(),
  })
  .refine(onlyCaregiversAct, 'only a caregiver acts for somebody');

/**
 * `POST /admin/people/{person}/roles`: says what should hold, so that it may be repeated. What is absent stays as it is;
 * `null`, or an empty list, takes it off. `actsFor` goes with the role `caregiver`.
 */
export const ChangeRoles = z
  .strictObject({
    person: PersonId,
    roles: Roles,
    actsFor: ActsFor.optional(),
    site: PlaceCode.nullable().optional(),
    department: PlaceCode.nullable().optional(),
  })
  .refine(onlyCaregiversAct, 'only a caregiver acts for somebody');

/** `POST /admin/people/{person}/disable` and `…/enable`. */
export const NamePerson = z.strictObject({ person: PersonId });

/** The most people whom one patient wants kept out. */
export const MAX_RESTRICTIONS = 50;

/** `POST /admin/people/{person}/restrictions`: the whole list, so that it may be repeated; an empty one takes it off. */
export const RestrictPatient = z.strictObject({
  person: PersonId,
  restrictions: z.array(PersonId).max(MAX_RESTRICTIONS),
});
export const RestrictedPatient = z.strictObject({ person: PersonId, restrictions: z.array(PersonId) });

/** Somebody as the organisation has them; a disabled person's roles open nothing. */
export const Person = z
  .strictObject({
    id: PersonId,
    status: z.enum(['active', 'disabled']),
    roles: z.array(z.string()),
    actsFor: z.array(PersonId).optional(),
    site: z.string().optional(),
    department: z.string().optional(),
  })
  .meta({ id: 'Person' });

/** `temporaryPassword` is told this once and kept nowhere; it is not there where the person has signed in before. */
export const CreatedPerson = Person.extend({
  temporaryPassword: z.string().optional(),
}).meta({ id: 'CreatedPerson' });

/** `receipt` is there where the change ended the person's sign-ins. */
export const ChangedPerson = Person.extend({ receipt: RevocationReceipt.optional() }).meta({
  id: 'ChangedPerson',
});

/** A sign-in of somebody that is good still: with sockets open, or one that has only used HTTP. */
export const LiveSession = z
  .strictObject({
    session: SessionId,
    /** When they signed in. */
    since: Instant,
    /** When the newest token that it has shown expires. */
    until: Instant,
    /** 0 for a sign-in that has only used HTTP, or has none open at the moment. */
    sockets: z.int().min(0),
    /** When they were last there, to the minute; not there where they have done nothing since they signed in. */
    lastActiveAt: Instant.optional(),
    /** A frame or request of it was let in then, and the last one less than a minute later. */
    lastFrameAt: Instant.optional(),
    /** What kind of device it is on, where the client has said so in `session.open`. */
    device: DeviceKind.optional(),
  })
  .meta({ id: 'LiveSession' });

/** The answer of `GET /me/sessions` and `GET /admin/people/{person}/sessions`, newest sign-in first. */
export const LiveSessions = z.strictObject({ person: PersonId, sessions: z.array(LiveSession) });

/** A quarter of a year in UTC, e.g. `2026-Q4`. */
export const Quarter = id<'quarter'>(
  z
    .string()
    .regex(/^2\d{3}-Q[1-4]$/, 'must be a quarter such as 2026-Q4')
    .meta({ id: 'Quarter' }),
);

/**
 * A quarter's list. `filling`: not everybody stands on it yet, open it again. `open`: somebody waits for a verdict.
 * `complete`: everybody has one.
 */
export const Recertification = z
  .strictObject({
    quarter: Quarter,
    state: z.enum(['filling', 'open', 'complete']),
    openedAt: Instant,
    /** A person, or `operator`. */
    openedBy: z.string(),
    people: z.int().min(0),
    waiting: z.int().min(0),
  })
  .meta({ id: 'Recertification' });

/** Somebody on a quarter's list, as they stood when it was opened, or, once signed off, at that moment. */
export const RecertifiedPerson = Person.extend({
  lastRecertifiedAt: Instant.optional(),
  verdict: z.enum(['keep', 'remove']).optional(),
  /** Who signed, a person or `operator`, and when; there with the verdict. */
  signedBy: z.string().optional(),
  signedAt: Instant.optional(),
}).meta({ id: 'RecertifiedPerson' });

/** `GET /admin/recertifications/{quarter}`; `after` is an earlier page's `next`. */
export const ReadRecertification = z.strictObject({
  quarter: Quarter,
  after: PersonId.optional(),
});

/** A page of a quarter's list; `next` is there where there are more. */
export const RecertificationPage = Recertification.extend({
  entries: z.array(RecertifiedPerson),
  next: PersonId.optional(),
});

/** `POST /admin/recertifications/{quarter}/people/{person}`. */
export const SignOff = z.strictObject({
  quarter: Quarter,
  person: PersonId,
  verdict: z.enum(['keep', 'remove']),
});

/** The person with the verdict; `receipt` is there where they were removed by this request. */
export const SignedOff = RecertifiedPerson.extend({ receipt: RevocationReceipt.optional() });
