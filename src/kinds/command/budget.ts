/** Assignments of one file, and lines that one assignment goes over; the longest units have some hundred. */
export const MOST_LINES = 8192;
/** Pieces of files that one text is put together from; quotes, escapes and joined lines each begin one. */
export const MOST_RUNS = 16_384;
/** Characters that expansions may yield, and words and variables that are handed on, for one reading of a unit. */
const MOST = 128 * 1024;
/** What a word of a command costs: it is looked at several times, in many ways. 8192 of them are all. */
const WORD = 16;

/** What a unit is made of comes to more than anybody writes; a few variables that hold one another suffice for that. */
export class TooMuch extends Error {}

/** What is left of what one reading of a unit may cost beyond reading its text once. */
export class Budget {
  private left = MOST;

  /** Throws `TooMuch`. */
  spend(count: number): void {
    this.left -= count;
    if (this.left < 0) throw new TooMuch();
  }

  /** The same for a word of a command. */
  spendWord(): void {
    this.spend(WORD);
  }
}
