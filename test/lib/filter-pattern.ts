/**
 * A filter pattern of CloudWatch Logs for JSON events, as far as this app writes them (CloudWatch Logs user guide, "Filter pattern
 * syntax for JSON"): comparisons with `=` and `!=`, an asterisk at either end of a value, `NOT EXISTS`, `&&`, `||`, parentheses.
 */
export function matchesPattern(pattern: string, event: unknown): boolean {
  const tokens = pattern.match(/&&|\|\||[(){}]|!=|=|NOT EXISTS|"[^"]*"|\$[\w.]+/g) ?? [];
  const rest = pattern.replaceAll(/&&|\|\||[(){}]|!=|=|NOT EXISTS|"[^"]*"|\$[\w.]+|\s/g, '');
  if (rest !== '') throw new Error(`the filter pattern has ${rest}, which this does not read`);
  const reader = new Reader(tokens, event);
  return reader.whole();
}

class Reader {
  private readonly tokens: string[];
  private readonly event: unknown;

  constructor(tokens: readonly string[], event: unknown) {
    this.tokens = [...tokens];
    this.event = event;
  }

  whole(): boolean {
    this.take('{');
    const found = this.either();
    this.take('}');
    if (this.tokens.length > 0) throw new Error('the filter pattern goes on behind its end');
    return found;
  }

  private either(): boolean {
    let found = this.both();
    while (this.tokens[0] === '||') {
      this.take('||');
      found = this.both() || found;
    }
    return found;
  }

  private both(): boolean {
    let found = this.one();
    while (this.tokens[0] === '&&') {
      this.take('&&');
      found = this.one() && found;
    }
    return found;
  }

  private one(): boolean {
    if (this.tokens[0] === '(') {
      this.take('(');
      const found = this.either();
      this.take(')');
      return found;
    }
    const value = this.valueAt(this.tokens.shift() ?? '');
    const operator = this.tokens.shift();
    if (operator === 'NOT EXISTS') return value === undefined;
    const wanted = JSON.parse(this.tokens.shift() ?? '') as string;
    if (value === undefined) return false; // a comparison with what is not there holds in neither way
    return isLike(String(value), wanted) === (operator === '=');
  }

  private valueAt(selector: string): unknown {
    const names = selector.split('.').slice(1);
    return names.reduce<unknown>(
      (found, name) => (typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined),
      this.event,
    );
  }

  private take(token: string): void {
    if (this.tokens.shift() !== token) throw new Error(`the filter pattern lacks ${token}`);
  }
}

function isLike(value: string, wanted: string): boolean {
  if (wanted.startsWith('*')) return value.endsWith(wanted.slice(1));
  if (wanted.endsWith('*')) return value.startsWith(wanted.slice(0, -1));
  return value === wanted;
}
