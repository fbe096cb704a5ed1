import { parseServerUrl } from '../../../queues/broker-url.ts';
import { findBackend } from '../../../queues/registry.ts';
import type { Finding } from './types.ts';

/** Whether the way to a broker on another host is open to those on the network; an info: the network may be one's own. */
export function checkBrokerNetwork(project: string, url: string, hasTls: boolean): Finding[] {
  const servers = url.split(';').flatMap((each) => parseServerUrl(each.trim()) ?? []);
  const remote = servers.filter(({ host, socketPath }) => socketPath === null && !isLocal(host));
  const [first] = remote;
  if (first === undefined) return [];
  const isPlain =
    !hasTls &&
    remote.some(({ scheme }) => findBackend(`${scheme}:`)?.schemes[scheme]?.tls !== true);
  const isOpen = remote.some(({ password }) => password === null);
  if (!isPlain && !isOpen) return [];
  const lacks = [...(isPlain ? ['TLS'] : []), ...(isOpen ? ['a password'] : [])].join(' and ');
  return [
    {
      ...{ code: 'broker_unprotected', severity: 'info', project },
      evidence: `its broker ${first.host} is reached over the network without ${lacks}: anyone on the path can read or add tasks`,
      remedy: isPlain
        ? 'use rediss:// or amqps://, if the network is not yours alone'
        : 'set a password, if the network is not yours alone',
    },
  ];
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}
