import { isIP, type LookupFunction } from 'node:net';
import { domainToASCII } from 'node:url';

/** Far more than any name needs. */
const MOST_BYTES = 16_384;

/** The exit code of getent for an unknown name; getent(1). */
const NOT_FOUND = 2;

/**
 * How `net.connect` is to find the addresses of a host name, until `signal`: by getent, which asks every source that the
 * host uses (/etc/hosts, DNS …), in a process of its own. Node's own look-up blocks a thread until DNS answers: two slow
 * names hold up all others, "localhost" included, and the end of the process.
 */
export function lookUpUntil(signal: AbortSignal): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (error: NodeJS.ErrnoException | null, found: string[] = []): void => {
      const all = found
        .map((address) => ({ address, family: isIP(address) }))
        .filter(({ family }) => family !== 0 && (!options.family || options.family === family));
      const [first] = all;
      if (error !== null || first === undefined) {
        callback(error ?? fault('ENOTFOUND', hostname), []);
      } else if (options.all === true) callback(null, all);
      else callback(null, first.address, first.family);
    };
    findAddresses(hostname, signal).then(
      (found) => answer(null, found),
      (error: NodeJS.ErrnoException) => answer(error),
    );
  };
}

async function findAddresses(hostname: string, signal: AbortSignal): Promise<string[]> {
  const name = domainToASCII(hostname);
  // RFC 6761: it is always this host, whatever DNS says
  if (name === 'localhost') return ['127.0.0.1', '::1'];
  if (!/^[\w.-]{1,253}$/.test(name)) throw fault('ENOTFOUND', hostname);
  const { execFile } = await import('node:child_process');
  const text = await new Promise<string>((resolve, reject) => {
    const limits = { signal, maxBuffer: MOST_BYTES, killSignal: 'SIGKILL' as const };
    execFile('getent', ['ahosts', '--', name], limits, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(fault(error.code === NOT_FOUND ? 'ENOTFOUND' : 'EAI_AGAIN', hostname));
    });
  });
  return [...new Set(text.split('\n').map((line) => line.split(' ', 1)[0]!))];
}

function fault(code: string, hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code} ${hostname}`), { code });
}
