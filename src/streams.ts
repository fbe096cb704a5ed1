/**
 * Makes the standard streams survive their readers. One that has gone away (`| head`) is no error of
 * ours, and must not end a change half-way. What else keeps a result from being written (a full disk) is
 * told, and `hasFailed` says so at the end.
 */
export function guardStreams(): { hasFailed: () => boolean } {
  let failed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || failed) return;
    failed = true;
    process.stderr.write(`autoscaler: the result cannot be written: ${error.message}\n`);
  });
  // there is nowhere left to tell it
  process.stderr.on('error', () => undefined);
  return { hasFailed: () => failed };
}
