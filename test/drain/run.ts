// npm run test:drain [-- every [at once [words of the form]]]: restarts of Celery under load in every form of a unit.
import { startLab } from '../lab/lab.ts';
import { installUnit, redisUnit } from '../lab/services.ts';
import { FORMS, tryForm, type Form } from './matrix.ts';

const [every = '1', lanes = '4', ...words] = process.argv.slice(2);
const lab = await startLab();
try {
  await installUnit(lab, 'lab-redis.service', redisUnit());
  const chosen = [...FORMS.entries()]
    .filter(
      ([index, form]) =>
        index % Number(every) === 0 && words.every((word) => tell(form).includes(word)),
    )
    .values();
  const sum = { forms: 0, tasks: 0, lost: 0, doubled: 0, errors: 0 };
  await Promise.all(
    Array.from({ length: Number(lanes) }, async () => {
      for (const [index, form] of chosen) {
        const { tasks, lost, doubled, error } = await tryForm(lab, form, index);
        sum.forms += 1;
        sum.tasks += tasks;
        sum.lost += lost;
        sum.doubled += doubled;
        if (error !== null) sum.errors += 1;
        process.stdout.write(
          `${tell(form)}: ${error ?? `${lost} lost, ${doubled} doubled of ${tasks}`}\n`,
        );
      }
    }),
  );
  process.stdout.write(`${JSON.stringify(sum)}\n`);
  if (sum.lost + sum.doubled + sum.errors > 0) process.exitCode = 1;
} finally {
  await lab.stop();
}

function tell({ type, killMode, restart, acksLate }: Form): string {
  return `Type=${type} KillMode=${killMode} ${restart}${acksLate ? ' acks_late' : ''}`;
}
