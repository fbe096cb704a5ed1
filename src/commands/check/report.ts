import { formatCount } from '../../model/wording.ts';
import type { Finding, Severity } from './findings/types.ts';
import { cleanStrings } from '../../output/clean.ts';
import type { Output } from '../../output/terminal.ts';

/** The document of `check --json`; its schema is docs/json/check.schema.json. */
export interface CheckDocument {
  v: 1;
  errors: number;
  warnings: number;
  findings: Finding[];
}

const STYLES = { error: 'red', warning: 'yellow', info: 'green' } as const;
const WORDS: Record<Severity, string> = { error: 'ERROR', warning: 'WARNING', info: 'ok' };

/** Counts findings; their order stays. */
export function toCheckDocument(findings: Finding[]): CheckDocument {
  const count = (wanted: Severity): number =>
    findings.filter(({ severity }) => severity === wanted).length;
  return { v: 1, errors: count('error'), warnings: count('warning'), findings };
}

/**
 * A line for each finding, the worst last, where they are seen first, what to do below it, and the counts at the end.
 * `isQuiet`: errors alone.
 */
export function renderCheck(document: CheckDocument, out: Output, isQuiet: boolean): string {
  const { findings, errors, warnings } = cleanStrings(document);
  const ranks: Severity[] = isQuiet ? ['error'] : ['info', 'warning', 'error'];
  const shown = ranks.flatMap((rank) => findings.filter(({ severity }) => severity === rank));
  const lines = shown.map(({ severity, project, evidence, remedy }) => {
    const word = WORDS[severity];
    const head = out.paint(STYLES[severity], word) + ' '.repeat(9 - word.length);
    const where = project === null ? '' : `${project}: `;
    const help = remedy === null ? '' : `\n         → ${remedy}`;
    return `${head}${where}${evidence}${help}\n`;
  });
  const total = `${formatCount(errors, 'error')}, ${formatCount(warnings, 'warning')}`;
  return isQuiet && errors === 0 ? '' : `${lines.join('')}\n${total}\n`;
}
