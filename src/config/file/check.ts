import { isUtf8 } from 'node:buffer';
import {
  faultAt,
  findHiddenKeys,
  locate,
  nodeAt,
  parseDocument,
  readValue,
  type Document,
} from './document.ts';
import { isExample } from './is-example.ts';
import { ConfigError, inFileOrder, type Fault } from './fault.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { resolveConfig } from '../policy/resolve.ts';
import { checkRules } from '../rules/rules.ts';
import { configSchema } from '../schema/schema.ts';

/** Checks the bytes of the config at `path`, and nothing but them. Throws a ConfigError (78) with all faults. */
export async function checkConfig(path: string, bytes: Buffer): Promise<LoadedConfig> {
  const text = bytes.toString('utf8');
  const { document, hidden } = parse(path, text);
  if (!isUtf8(bytes)) {
    const what = { found: 'bytes that are not', expected: 'text in UTF-8', hint: null };
    throw new ConfigError([faultAt(document, Math.max(text.indexOf('\uFFFD'), 0), '', what)]);
  }
  const parsed = configSchema.safeParse(readValue(document));
  if (document.syntaxErrors.length > 0 || hidden.length > 0 || !parsed.success) {
    // seldom needed, and not small
    const { collectFaults } = await import('./collect-faults.ts');
    throw new ConfigError(collectFaults(document, hidden, parsed.error?.issues ?? []));
  }
  const { errors, warnings } = checkRules(parsed.data, () => false);
  if (errors.length > 0) throw new ConfigError(errors.map((finding) => locate(document, finding)));
  return {
    config: resolveConfig(parsed.data),
    warnings: inFileOrder(warnings.map((finding) => locate(document, finding))),
    path,
    isIntervalGiven: nodeAt(document, ['global', 'check_interval_seconds']) !== undefined,
    isExample: isExample(bytes),
  };
}

function parse(path: string, text: string): { document: Document; hidden: Fault[] } {
  try {
    const document = parseDocument(path, text);
    return { document, hidden: findHiddenKeys(document) };
  } catch (error) {
    // of the parser, which follows brackets by calling itself
    if (!(error instanceof RangeError)) throw error;
    const what = { found: 'brackets nested too deeply', expected: null, hint: null };
    throw new ConfigError([{ file: path, line: 1, column: 1, key: '', ...what }]);
  }
}
