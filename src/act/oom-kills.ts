import type { ActDeps } from './ports.ts';

/**
 * Says, at each look at a control group, whether the kernel has ended processes of it for lack of memory since the first
 * look; null: no. A group that was made in between counts from 0. What the kernel ends later is seen by the runs that
 * follow.
 */
export function watchKills(deps: ActDeps): (controlGroup: string | null) => string | null {
  let before: number | null = null;
  return (controlGroup) => {
    const now = deps.readOomKills(controlGroup);
    if (now === null) return null;
    before ??= now;
    const kills = now < before ? now : now - before;
    if (kills === 0) return null;
    return `the OOM killer has ended ${kills} of its processes`;
  };
}
