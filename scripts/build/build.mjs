// Builds src/ into dist/: main.js, which loads the program, and the program itself in parts, some of
// which load late. docs/performance.md says why it is CommonJS, and what is loaded when.
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { collectLicenses } from './licenses.mjs';

const root = resolve(import.meta.dirname, '../..');
const outdir = resolve(root, 'dist');

/** What a run with nothing to do loads late, but always: one file with all that they need. */
const IDLE_RUN =
  /\/src\/commands\/run\/run\.ts$|\/src\/queues\/(?:read-queues|redis\/queue-client)\.ts$|\/src\/host\/pressure\.ts$/;
/** What only commands with a log need of packages: no other command is to load it with what they share. */
const RUN_PACKAGES = /\/pino\/pino\.js$/;

/**
 * Functions that packages ask for as they are loaded and that most calls never use. Whoever asks cannot wait, so no
 * `import()` does: they are loaded, whole, at their first call.
 */
const LATE = {
  // compiles Unicode's rules of emoji; asked only for texts that are not plain (src/output/text.ts)
  'string-width': "require('string-width').default",
  // makes Node's stream for stderr; pino's streams call it only where something is wrong
  assert: "require('node:assert')",
};

const late = {
  name: 'late',
  resolveId: (id, importer = '') =>
    Object.hasOwn(LATE, id) && !importer.startsWith('\0late:') ? `\0late:${id}` : null,
  load: (id) => {
    const [, name] = id.split('\0late:');
    return name === undefined ? null : `module.exports = (...args) => ${LATE[name]}(...args);`;
  },
};

/** Bundles one entry; the chunks, the entry's first. */
async function bundle(entry, { define = {}, groups = [] }) {
  const build = await rolldown({
    cwd: root,
    input: [entry],
    platform: 'node',
    // jsonc-parser's main file is of a kind (UMD) that cannot be bundled; its ES module can
    resolve: { mainFields: ['module', 'main'] },
    transform: { target: 'node20', define },
    plugins: [late],
    onLog: (level, log, handler) => handler(level === 'warn' ? 'error' : level, log),
  });
  const { output } = await build.generate({
    format: 'cjs',
    // the parts are run in a way that has no import()
    dynamicImportInCjs: false,
    strictExecutionOrder: false,
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    // names stay: a stack trace is to say something
    minify: { compress: true, mangle: false, codegen: false },
    comments: false,
    codeSplitting: { groups },
  });
  return output.map(({ fileName, code, moduleIds }) => ({
    name: fileName,
    code: toAscii(code),
    inputs: moduleIds,
  }));
}

/** Names this build: a hash of what the program is made of. */
async function buildId() {
  const hash = createHash('sha256');
  const names = await readdir(resolve(root, 'src'), { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => resolve(entry.parentPath, entry.name));
  for (const file of [...files.sort(), resolve(root, 'package-lock.json')]) {
    hash.update(await readFile(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** One byte a character is read, kept and compared fastest; text outside of strings and patterns is ASCII already. */
function toAscii(code) {
  return code.replaceAll(
    /[^\0-\x7f]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const program = await bundle('src/main.ts', {
  define: { BUILD_ID: JSON.stringify(await buildId()) },
  groups: [
    // with what the command line needs of the rest, which must not load an idle run
    { name: 'main', test: /\/src\/(?:main|version)\.ts$/, priority: 3 },
    { name: 'packages', test: RUN_PACKAGES, priority: 3 },
    { name: 'run', test: IDLE_RUN, priority: 2 },
    // a file more costs a third of a millisecond
    {
      name: 'metrics',
      test: /\/src\/(?:commands\/metrics\/metrics|measure\/load|kinds\/gunicorn\/busy)\.ts$/,
      priority: 1,
    },
    { name: 'status', test: /\/src\/commands\/status\/status\.ts$/, priority: 0 },
  ],
});
const [boot] = await bundle('src/boot.ts', {
  define: { PROGRAM: JSON.stringify(program[0].name) },
});

await mkdir(outdir, { recursive: true });
for (const name of await readdir(outdir)) {
  // a package that was built before (scripts/deb/build.sh) is no part of the program: npm pack builds too
  if (!name.endsWith('.deb')) await rm(resolve(outdir, name), { recursive: true, force: true });
}
// each part is a function that the boot file calls: put together there it would be copied at each start
for (const { name, code } of program) {
  const whole = `(function (exports, require, module) {${code}\n})`;
  await writeFile(resolve(outdir, name), whole);
}
await writeFile(resolve(outdir, 'main.js'), `#!/usr/bin/env node\n${boot.code}`);
await writeFile(resolve(outdir, 'package.json'), '{ "type": "commonjs" }\n');
await writeFile(
  resolve(outdir, 'licenses.txt'),
  await collectLicenses(program.flatMap(({ inputs }) => inputs)),
);
await chmod(resolve(outdir, 'main.js'), 0o755);
