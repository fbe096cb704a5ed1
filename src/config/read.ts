import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EXIT, UserError } from '../errors.ts';
import { findDistrust, type Ownership } from './trust.ts';

/** Where the timer's runs look. */
export const DEFAULT_PATH = '/etc/autoscaler/config.json';
const EXAMPLE_PATH = '/usr/share/doc/autoscaler/examples/autoscaler.example.jsonc';
/** Far above any config; a log file given by mistake is told at once. */
const LARGEST_BYTES = 1_048_576;

/** Where the config is: the option `--config`, `AUTOSCALER_CONFIG`, `/etc/autoscaler/config.json`. */
export function findConfigPath(option: string | undefined, env = process.env): string {
  return option ?? (env['AUTOSCALER_CONFIG'] || DEFAULT_PATH);
}

/**
 * The bytes of a config that may be trusted. Errors: 78 where there is none, where it is no file of
 * a sensible size, or, as root, where others than root could have written it; 77 where it may not be read.
 */
export function readConfigFile(path: string): Buffer {
  const fd = openConfig(path);
  try {
    // what is checked is what is read: the open file, not its name
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      const what = stat.isDirectory() ? 'a folder' : 'no regular file';
      throw new UserError(EXIT.config, `${path}: expected a config file, found ${what}`);
    }
    if (stat.size > LARGEST_BYTES) {
      throw new UserError(
        EXIT.config,
        `${path}: expected a config of at most 1 MiB, found ${stat.size} bytes`,
      );
    }
    if (process.geteuid?.() === 0) requireTrust(path, { path, ...stat });
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openConfig(path: string): number {
  try {
    // a pipe must not make us wait for its writer
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw describeOpenError(path, error as NodeJS.ErrnoException);
  }
}

function describeOpenError(path: string, { code }: NodeJS.ErrnoException): UserError {
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError(
      EXIT.permission,
      `${path}: no permission to read the config`,
      'Run it as root, with sudo.',
    );
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new UserError(EXIT.config, `${path}: no config here`, [
      `Looked for in this order: --config FILE, $AUTOSCALER_CONFIG, ${DEFAULT_PATH}.`,
      `Create one: sudo install -D -m 0640 ${EXAMPLE_PATH} ${path}`,
    ]);
  }
  return new UserError(
    EXIT.config,
    `${path}: the config cannot be read: ${code ?? 'unknown error'}`,
  );
}

function requireTrust(path: string, file: Ownership): void {
  const links = findLinks(path);
  const folders = new Set([...links.map((link) => dirname(link)), dirname(realpathSync(path))]);
  const distrust = findDistrust(file, {
    links: links.map((link) => ({ ...lstatSync(link), path: link })),
    folders: [...folders].map((folder) => ({ ...statSync(folder), path: folder })),
  });
  if (distrust !== null) {
    throw new UserError(EXIT.config, `${path}: not trusted: ${distrust.reason}`, distrust.hint);
  }
}

/** The links that lead from `path` to the file, in order; `path` itself is the first where it is one. */
function findLinks(path: string): string[] {
  const links: string[] = [];
  // it has been opened by its name, so it ends; the kernel follows no more than these
  for (let at = resolve(path); links.length < 40 && lstatSync(at).isSymbolicLink();) {
    links.push(at);
    at = resolve(dirname(at), readlinkSync(at));
  }
  return links;
}
