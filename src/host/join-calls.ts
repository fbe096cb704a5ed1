/**
 * Joins calls of something that serves many at once: at most one is under way, and all that are asked for meanwhile share
 * the next one. So each is answered by work that began after it was asked for. `before` is waited for first, while others
 * may still join.
 */
export function joinCalls<Asked, Answer>(
  work: (asked: Asked[]) => Promise<Answer>,
  before: () => Promise<void> = () => Promise.resolve(),
): (asked: Asked) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve();
  let next: { asked: Asked[]; answer: Promise<Answer> } | null = null;

  const begin = async (asked: Asked[]): Promise<Answer> => {
    try {
      await last.catch(() => undefined);
      await before();
    } finally {
      next = null;
    }
    const answer = work(asked);
    last = answer;
    return answer;
  };

  return (asked) => {
    if (next === null) {
      const all: Asked[] = [];
      next = { asked: all, answer: begin(all) };
    }
    next.asked.push(asked);
    return next.answer;
  };
}
