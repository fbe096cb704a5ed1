const LEVELS = { unicode: [...'▁▂▃▄▅▆▇█'], ascii: [...'_.-=+*#@'] };

/** Values as a line of small bars between `least` and `most`; a blank for what is missing. */
export function renderSparkline(
  values: readonly (number | null)[],
  { least, most }: { least: number; most: number },
  unicode: boolean,
): string {
  const levels = unicode ? LEVELS.unicode : LEVELS.ascii;
  const span = most - least;
  return values
    .map((value) => {
      if (value === null) return ' ';
      const share = span > 0 ? (value - least) / span : 0;
      const level = Math.floor(Math.min(1, Math.max(0, share)) * levels.length);
      return levels[Math.min(levels.length - 1, level)]!;
    })
    .join('');
}
