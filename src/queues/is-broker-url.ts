import { cleanText } from '../model/clean-text.ts';
import { schemePattern } from './registry.ts';

const MOST_URL = 2000;
const URL = new RegExp(`^${schemePattern()}\\S+$`);

/** Whether a text looks like the URL of a broker; what is told by a process goes into root's config, so it may be no more than that. */
export function isBrokerUrl(text: string): boolean {
  return cleanText(text, MOST_URL) === text && URL.test(text);
}
