import { systemd } from './systemd/index.ts';
import type { Target } from './target.ts';

/** All places where services run; a new one is a folder and its name here. */
export const TARGETS: readonly [Target, ...Target[]] = [systemd];

/** Where the services of all projects run, as long as a project cannot say otherwise. */
export const [TARGET] = TARGETS;
