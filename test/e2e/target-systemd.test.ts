import { after, before, describe } from 'node:test';
import { targetContract } from '../contract/target.ts';
import { startLab, type Lab } from '../lab/lab.ts';
import { runScript } from '../lab/script.ts';
import { gunicornUnit, installUnit } from '../lab/services.ts';

describe('systemd is a target', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
    await installUnit(lab, 'shop.service', gunicornUnit());
    await lab.ok('ln -s shop.service /etc/systemd/system/store.service && systemctl daemon-reload');
  });
  after(() => lab.stop());

  targetContract(
    {
      ...{ target: 'systemd', service: 'shop.service', alias: 'store.service' },
      ...{ absent: 'nobody.service', nonsense: ['', 'shop', 'a b.service', 'shop@.service'] },
      ...{ workers: 2, kind: 'gunicorn' },
    },
    (of) =>
      runScript(
        lab,
        `import { tellStory } from './test/contract/target-story.ts';
        print(await tellStory(${JSON.stringify(of)}));`,
      ),
  );
});
