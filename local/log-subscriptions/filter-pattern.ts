/** Whether a line of a log fits a filter pattern. */
export type LineFilter = (line: string) => boolean;

const TOKENS = /\s*(\$(?:\.\w+)+|"[^"]*"|&&|\|\||!=|=|[(){}]|[\w.*-]+)/y;

/**
 * Reads a filter pattern for JSON lines: comparisons `$.field = value` and `!=`, of texts with `*` or of numbers, joined by `&&` and `||`
 * (CloudWatch Logs user guide, "Filter pattern syntax"). A pattern with anything else is refused: what is not understood would let
 * lines pass or be missed in silence. The empty pattern fits every line.
 */
export function lineFilter(pattern: string): LineFilter {
  if (pattern.trim() === '') return () => true;
  const reader = new Reader(tokensOf(pattern), pattern);
  reader.expect('{');
  const fits = reader.either();
  reader.expect('}');
  reader.end();
  return (line) => {
    const value = parsed(line);
    return value !== undefined && fits(value);
  };
}

type Fits = (value: object) => boolean;

class Reader {
  private readonly tokens: readonly string[];
  private readonly pattern: string;
  private place = 0;

  constructor(tokens: readonly string[], pattern: string) {
    this.tokens = tokens;
    this.pattern = pattern;
  }

  /** `&&` binds closer than `||`. */
  either(): Fits {
    const parts = [this.all()];
    while (this.take('||')) parts.push(this.all());
    return (value) => parts.some((part) => part(value));
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.refusal();
  }

  end(): void {
    if (this.place < this.tokens.length) throw this.refusal();
  }

  private all(): Fits {
    const parts = [this.one()];
    while (this.take('&&')) parts.push(this.one());
    return (value) => parts.every((part) => part(value));
  }

  private one(): Fits {
    if (this.take('(')) {
      const inner = this.either();
      this.expect(')');
      return inner;
    }
    const field = this.next();
    const operator = this.next();
    const wanted = this.next();
    if (!field.startsWith('$.') || !['=', '!='].includes(operator) || /^[&|(){}=!$]/.test(wanted))
      throw this.refusal();
    const isWanted = comparison(wanted);
    return (value) => {
      const found = at(value, field.slice(2).split('.'));
      return found !== undefined && isWanted(found) === (operator === '=');
    };
  }

  private next(): string {
    const token = this.tokens[this.place];
    if (token === undefined) throw this.refusal();
    this.place += 1;
    return token;
  }

  private take(token: string): boolean {
    if (this.tokens[this.place] !== token) return false;
    this.place += 1;
    return true;
  }

  private refusal(): Error {
    return new Error(`the local run does not understand the filter pattern ${this.pattern}`);
  }
}

function tokensOf(pattern: string): readonly string[] {
  const tokens: string[] = [];
  TOKENS.lastIndex = 0;
  for (let end = 0; end < pattern.trimEnd().length; end = TOKENS.lastIndex) {
    const token = TOKENS.exec(pattern)?.[1];
    if (token === undefined)
      throw new Error(`the local run does not understand the filter pattern ${pattern}`);
    tokens.push(token);
  }
  return tokens;
}

function comparison(wanted: string): (found: unknown) => boolean {
  if (/^-?\d+(\.\d+)?$/.test(wanted)) return (found) => Number(found) === Number(wanted);
  const parts = wanted.replace(/^"|"$/g, '').split('*');
  const shape = new RegExp(`^${parts.map((part) => part.replace(/[.+?^$()|[\]{}\\]/g, '\\$&')).join('.*')}$`);
  return (found) => typeof found === 'string' && shape.test(found);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
    value,
  );
}

function parsed(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
