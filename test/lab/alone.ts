/**
 * Imported before lab.ts by a test that needs the machine to itself, because it watches the CPU of the whole host: it
 * then waits until no other lab is up, and others wait for it.
 */
process.env['LAB_ALONE'] = '1';
