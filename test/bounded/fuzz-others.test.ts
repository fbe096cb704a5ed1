import { fuzz } from './fuzz.ts';
import { ofUnits, READERS } from './readers.ts';

const others = Object.keys(READERS).filter((name) => !ofUnits(name));
fuzz('what processes, systemd and files of ours say, whatever that is', others);
