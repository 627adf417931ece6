import * as z from 'zod';
import { ids } from '../../protocol/ids.ts';
import { phi, type Withheld } from '../domain/phi.ts';

/**
 * The one way into a door: parses by a schema of the protocol, and withholds every string that is not an id or one of a
 * few words. A field that somebody adds to the protocol is withheld unless its schema says that it is an id. Gives
 * nothing where the value does not parse.
 *
 * @throws while the door starts, for a schema of a kind that is not known to hold nothing that a person wrote
 */
export function parsing<Schema extends z.ZodType>(
  schema: Schema,
): (value: unknown) => Withheld<z.infer<Schema>> | undefined {
  const withhold = withholding(schema);
  return (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? (withhold(parsed.data) as Withheld<z.infer<Schema>>) : undefined;
  };
}

type Withhold = (value: unknown) => unknown;

const asItIs: Withhold = (value) => value;

/** Schemas whose values are numbers, truths or words that stand in the protocol itself. */
const closed = [z.ZodLiteral, z.ZodEnum, z.ZodNumber, z.ZodBoolean];

function withholding(schema: z.core.$ZodType): Withhold {
  if (ids.has(schema) || closed.some((kind) => schema instanceof kind)) return asItIs;
  if (schema instanceof z.ZodString) return phi;
  if (schema instanceof z.ZodOptional) return unlessAbsent(withholding(schema.def.innerType));
  if (schema instanceof z.ZodNullable) return unlessAbsent(withholding(schema.def.innerType));
  if (schema instanceof z.ZodPipe) return withholding(schema.def.out);
  if (schema instanceof z.ZodArray) return inEach(withholding(schema.def.element));
  if (schema instanceof z.ZodDiscriminatedUnion) return inOneOf(schema);
  if (schema instanceof z.ZodObject) return inFields(schema.def.shape);
  if (schema instanceof z.ZodRecord && ids.has(schema.def.keyType))
    return inValues(withholding(schema.def.valueType));
  throw new Error(`a door takes no ${schema._zod.def.type}: a person may have written anything into it`);
}

function unlessAbsent(withhold: Withhold): Withhold {
  return (value) => (value === undefined || value === null ? value : withhold(value));
}

function inEach(withhold: Withhold): Withhold {
  return (value) => (value as unknown[]).map(withhold);
}

/** What has no field in the schema is left out, where the schema lets it pass at all. */
function inFields(shape: Readonly<Record<string, z.core.$ZodType>>): Withhold {
  const fields = Object.entries(shape).map(([name, schema]) => [name, withholding(schema)] as const);
  return (value) => {
    const given = value as Readonly<Record<string, unknown>>;
    const known = fields.filter(([name]) => Object.hasOwn(given, name));
    return Object.fromEntries(known.map(([name, withhold]) => [name, withhold(given[name])]));
  };
}

/** Each kind by its own fields. */
function inOneOf({ def }: z.ZodDiscriminatedUnion): Withhold {
  const byKind = new Map<unknown, Withhold>();
  for (const option of def.options) {
    const withhold = withholding(option);
    const kind = option instanceof z.ZodObject ? option.def.shape[def.discriminator] : undefined;
    if (!(kind instanceof z.ZodLiteral))
      throw new Error('a door takes kinds of objects that name their kind');
    for (const one of kind.values) byKind.set(one, withhold);
  }
  return (value) => byKind.get((value as Readonly<Record<string, unknown>>)[def.discriminator])?.(value);
}

function inValues(withhold: Withhold): Withhold {
  return (value) =>
    Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, withhold(one)]));
}
