import { fuzz } from './fuzz.ts';
import { ofUnits, READERS } from './readers.ts';

fuzz('files of units, whatever stands in them', Object.keys(READERS).filter(ofUnits));
