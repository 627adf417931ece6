/** The account that documents are resolved for. */
export const account = '111122223333';

/** What a resource is told as: by an attribute (`Arn`), or by its `Ref` where there is none. */
type NameOf = (logicalId: string, attribute?: string) => string;

/** A part of a template as CloudFormation would resolve it, for a resource that `nameOf` knows. */
export function resolved(value: unknown, nameOf: NameOf = unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => resolved(one, nameOf));
  const entries = Object.entries(value);
  const [[name, given] = ['', undefined]] = entries;
  if (name === 'Ref') return pseudo[String(given)] ?? nameOf(String(given));
  if (name === 'Fn::GetAtt') return nameOf(...(given as [string, string]));
  if (name === 'Fn::ImportValue') return imported(String(given), nameOf);
  if (name === 'Fn::Join') {
    const [separator, parts] = given as [string, unknown[]];
    return parts.map((one) => resolved(one, nameOf)).join(separator);
  }
  return Object.fromEntries(entries.map(([key, part]) => [key, resolved(part, nameOf)]));
}

/** CDK names an export by what it exports, and a hash of eight digits. */
function imported(name: string, nameOf: NameOf): string {
  const [, byArn, byRef] = /ExportsOutput(?:FnGetAtt(\w+)Arn|Ref(\w+))[0-9A-F]{8}$/.exec(name) ?? [];
  return byArn ? nameOf(byArn, 'Arn') : nameOf(byRef ?? name);
}

const pseudo: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::URLSuffix': 'amazonaws.com',
};

function unknown(id: string): string {
  throw new Error(`nobody says what ${id} is`);
}
