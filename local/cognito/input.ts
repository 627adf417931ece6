import { AwsError } from '../front-door/service.ts';

type Input = Readonly<Record<string, unknown>>;

/** A member that AWS requires; refused in the words of its request validation. */
export function requiredText(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  const found =
    value === ''
      ? [`Value at '${member}'`, 'have length greater than or equal to 1']
      : [`Value null at '${member}'`, 'not be null'];
  throw new AwsError(
    'InvalidParameterException',
    `1 validation error detected: ${found[0]} failed to satisfy constraint: Member must ${found[1]}`,
  );
}

export function optionalText(input: Input, name: string): string | undefined {
  return input[name] === undefined ? undefined : requiredText(input, name);
}

/** A map of texts, `AuthParameters` or `ChallengeResponses`; `{}` where it is absent. An entry that is null is none. */
export function textMap(input: Input, name: string): ReadonlyMap<string, string> {
  const value = input[name] ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name);
  return new Map(
    Object.entries(value)
      .filter(([, entry]) => entry !== null)
      .map(([key, entry]) => {
        if (typeof entry !== 'string') throw malformed(`${name}.${key}`);
        return [key, entry];
      }),
  );
}

export function parameter(parameters: ReadonlyMap<string, string>, name: string): string {
  const value = parameters.get(name);
  if (value) return value;
  throw new AwsError('InvalidParameterException', `Missing required parameter ${name}`);
}

/** The API's list of `{Name, Value}` as pairs. */
export function attributeList(input: Input, name: string): readonly (readonly [string, string])[] {
  const value = input[name] ?? [];
  if (!Array.isArray(value)) throw malformed(name);
  return value.map((entry: unknown) => {
    const pair = typeof entry === 'object' && entry !== null ? Object.fromEntries(Object.entries(entry)) : {};
    if (typeof pair.Name !== 'string') throw malformed(`${name}.Name`);
    return [pair.Name, pair.Value === undefined ? '' : String(pair.Value)];
  });
}

function malformed(name: string): AwsError {
  return new AwsError('SerializationException', `${name} has not the type that the API gives it`);
}
