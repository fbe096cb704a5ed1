/** The properties of one unit: each with its lines, as an assignment may be printed several times. */
export type Properties = ReadonlyMap<string, string[]>;

/**
 * The answer of `systemctl show` for any number of units: a block each, an empty line between. A line
 * that starts with none of the properties that were asked for goes on the value before it.
 */
export function parseShow(text: string, asked: readonly string[]): Properties[] {
  const blocks: Map<string, string[]>[] = [];
  let block: Map<string, string[]> | null = null;
  let value: { of: string[]; start: number } | null = null;
  const end = (at: number): void => {
    value?.of.push(text.slice(value.start, at));
    value = null;
  };
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf('\n', start);
    const next = feed < 0 ? text.length + 1 : feed + 1;
    const line = text.slice(start, next - 1);
    const equals = line.indexOf('=');
    const key = line.slice(0, Math.max(equals, 0));
    if (line === '' || asked.includes(key)) end(start - 1);
    if (line === '') block = null;
    else if (asked.includes(key)) {
      if (block === null) blocks.push((block = new Map<string, string[]>()));
      const of: string[] = block.get(key) ?? [];
      block.set(key, of);
      value = { of, start: start + equals + 1 };
    }
    start = next;
  }
  end(text.endsWith('\n') ? text.length - 1 : text.length);
  return blocks;
}

/** A single value; null where it is not set. */
export function readValue(properties: Properties, key: string): string | null {
  const value = properties.get(key)?.[0] ?? '';
  return value === '' || value === '[not set]' ? null : value;
}

/** A number; null where it is not set, or beyond what a number holds (systemd's "infinity" included). */
export function readNumber(properties: Properties, key: string): number | null {
  const value = Number(readValue(properties, key) ?? NaN);
  return Number.isSafeInteger(value) ? value : null;
}

/** A list of paths: separated by blanks, odd ones in double quotes with `\` before `"`, `\`, `$` and `` ` ``. */
export function readPaths(properties: Properties, key: string): string[] {
  const words = (readValue(properties, key) ?? '').matchAll(/"((?:[^"\\]|\\[^])*)"|[^\s"]+/g);
  return Array.from(words, ([word, quoted]) => quoted?.replace(/\\([^])/g, '$1') ?? word);
}

/** `EnvironmentFiles=/etc/default/shop (ignore_errors=yes)`, a line for each; blanks are not escaped. */
export function readEnvironmentFiles(
  properties: Properties,
): { path: string; optional: boolean }[] {
  return (properties.get('EnvironmentFiles') ?? []).flatMap((line) => {
    const found = /^([^]+) \(ignore_errors=(yes|no)\)$/.exec(line);
    return found?.[1] === undefined ? [] : [{ path: found[1], optional: found[2] === 'yes' }];
  });
}
