import { isUtf8 } from 'node:buffer';
import {
  faultAt,
  findHiddenKeys,
  locate,
  parseDocument,
  readValue,
  type Document,
} from './document.ts';
import { ConfigError, inFileOrder, type Fault } from './fault.ts';
import { readConfigFile } from './read.ts';
import { resolveConfig } from './resolve.ts';
import { checkRules } from './rules.ts';
import { configSchema, type Config } from './schema.ts';

/** A config without faults. */
export interface LoadedConfig {
  config: Config;
  /** what is odd but does no harm */
  warnings: Fault[];
  path: string;
}

/**
 * Reads and checks the config at `path`. Throws a ConfigError (78) with all faults of its contents,
 * or a UserError where the file itself is missing or not trusted (78) or may not be read (77).
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const bytes = readConfigFile(path);
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
  };
}

function parse(path: string, text: string): { document: Document; hidden: Fault[] } {
  try {
    const document = parseDocument(path, text);
    return { document, hidden: findHiddenKeys(document) };
  } catch (error) {
    // of the parser, which follows brackets by calling itself
    if (!(error instanceof RangeError)) throw error;
    const what = { found: 'brackets nested without end', expected: null, hint: null };
    throw new ConfigError([{ file: path, line: 1, column: 1, key: '', ...what }]);
  }
}
