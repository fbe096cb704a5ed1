/** A moment on both clocks: the wall clock, which may be set, and the boot clock, which is not. */
export interface Clocks {
  /** milliseconds since 1970 */
  ms: number;
  /** the first 8 digits of the boot id */
  boot: string;
  /** seconds since boot, to the hundredth */
  uptimeS: number;
}
