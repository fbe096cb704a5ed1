/**
 * Milliseconds on a clock that nobody can set, as `performance.now()` but from another start. For that one Node loads a
 * module when it is first asked for, which takes a millisecond of each run.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
