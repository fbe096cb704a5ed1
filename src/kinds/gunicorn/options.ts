import type { OptionTable } from '../command/options.ts';

/** The options of Gunicorn 19 to 26 that matter, or that must be known because they take a value. */
export function gunicornOptions(): OptionTable {
  return {
    values: {
      '-w': 'workers',
      '--workers': 'workers',
      '-c': 'config',
      '--config': 'config',
      '-k': 'worker-class',
      '--worker-class': 'worker-class',
      '-b': 'bind',
      '-e': 'env',
      '-g': 'group',
      '-m': 'umask',
      '-n': 'name',
      '-p': 'pid',
      '-t': 'timeout',
      '-u': 'user',
      ...named(
        'bind backlog threads worker-connections max-requests max-requests-jitter timeout',
        'graceful-timeout keep-alive limit-request-line limit-request-fields',
        'limit-request-field_size reload-engine reload-extra-file chdir env pid worker-tmp-dir user',
        'group umask forwarded-allow-ips access-logfile access-logformat error-logfile log-file',
        'log-level logger-class log-config log-config-json log-syslog-to log-syslog-prefix',
        'log-syslog-facility statsd-host dogstatsd-tags statsd-prefix name pythonpath paste paster',
        'proxy-allow-from protocol uwsgi-allow-from keyfile certfile ssl-version cert-reqs ca-certs',
        'ciphers http-protocols http2-cleartext http2-max-concurrent-streams http2-initial-window-size',
        'http2-max-frame-size http2-max-header-list-size paste-global forwarder-headers header-map',
        'asgi-loop asgi-lifespan asgi-disconnect-grace-period http-parser root-path dirty-app',
        'dirty-workers dirty-timeout dirty-threads dirty-graceful-timeout control-socket',
        'control-socket-mode',
      ),
    },
    flags: {
      '-D': 'daemon',
      '-R': 'enable-stdio-inheritance',
      '-h': 'help',
      '-v': 'version',
      ...named(
        'help version reload spew check-config print-config preload no-sendfile reuse-port daemon',
        'initgroups disable-redirect-access-to-syslog capture-output log-syslog',
        'enable-stdio-inheritance enable-backlog-metric proxy-protocol suppress-ragged-eofs',
        'do-handshake-on-connect permit-obsolete-folding strip-header-spaces',
        'permit-unconventional-http-method permit-unconventional-http-version casefold-http-method',
        'tolerate-dangerous-framing no-control-socket',
      ),
    },
  };
}

function named(...lines: string[]): Record<string, string> {
  return Object.fromEntries(lines.flatMap((line) => line.split(' ')).map((n) => [`--${n}`, n]));
}
