import manifest from '../package.json' with { type: 'json' };

/** The version of this package. */
export const VERSION: string = manifest.version;

/** Names this very program: the build puts it in. Not there when it runs from its sources. */
declare const BUILD_ID: string | undefined;

/** What tells one build from another; null: it runs from its sources. */
export function buildId(): string | null {
  return typeof BUILD_ID === 'undefined' ? null : BUILD_ID;
}
