/** A bar of a number of columns, filled up to a share from 0 to 1. */
export function renderBar(share: number, columns: number, unicode: boolean): string {
  const [full, empty] = unicode ? ['█', '░'] : ['#', '.'];
  const filled = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return full.repeat(filled) + empty.repeat(columns - filled);
}
