/** When a pause or a pin ends by itself; both null: it does not. */
export interface ControlEnd {
  /** wall clock, ISO 8601 */
  until: string | null;
  remainingMs: number | null;
}

/** What is paused for a project; null: this direction is not. */
export interface Pause {
  up: ControlEnd | null;
  down: ControlEnd | null;
}

/** A count that somebody has fixed. */
export interface Pin extends ControlEnd {
  workers: number;
}

/** When a pause or a pin began, on both clocks, and when it ends; `until` null: when somebody ends it. */
export interface StoredEnd {
  since: string;
  until: string | null;
  /** the boot in which it began, and the seconds since it then */
  boot: string;
  uptime_s: number;
}

/** `project` null: all of them; `only` null: both directions. */
export interface StoredPause extends StoredEnd {
  project: string | null;
  only: 'up' | 'down' | null;
}

/** By project, as a unit may have several names; `service` is for people. */
export interface StoredPin extends StoredEnd {
  project: string;
  service: string;
  workers: number;
}

/** What people have said in place of the metrics: the file `controls.json` of the state folder. */
export interface Controls {
  v: 1;
  pauses: StoredPause[];
  pins: StoredPin[];
}
