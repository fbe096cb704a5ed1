import { showDryRun } from './dry-run.ts';
import { showLab } from './lab.ts';
import { startLab } from '../../test/lab/lab.ts';

if (process.argv[2] === 'dry-run') {
  showDryRun();
} else {
  const lab = await startLab({ name: 'demo' }).catch((error: Error) => {
    console.log(`This machine cannot boot a host of its own: ${error.message.split('\n')[0]}`);
    return null;
  });
  if (lab === null) showDryRun();
  else await showLab(lab).finally(() => lab.stop());
}
