/** The piece that is repeated, and the unit that it is repeated in. */
const ROWS: [name: string, piece: string, make: (many: string) => string][] = [
  ['comments', '# -w 9\n', (many) => `[Service]\n${many}ExecStart=gunicorn -w 3 app\n`],
  [
    'lines of Environment=',
    'Environment=A=1 "B=2 3"\n',
    (many) => `[Service]\n${many}ExecStart=gunicorn -w 3 app\n`,
  ],
  [
    'variables on one line',
    'A=1 ',
    (many) => `[Service]\nEnvironment=${many}\nExecStart=gunicorn -w 3 app\n`,
  ],
  ['arguments', '-e A=1 ', (many) => `[Service]\nExecStart=gunicorn ${many}-w 3 app\n`],
  ['one long word', 'x', (many) => `[Service]\nExecStart=gunicorn -n ${many} -w 3 app\n`],
  [
    'one long word of escapes',
    '\\x41',
    (many) => `[Service]\nExecStart=gunicorn -n ${many} -w 3\n`,
  ],
  [
    'continuation lines and comments',
    '\\\n# c\n-t 1 ',
    (many) => `[Service]\nExecStart=gunicorn ${many}-w 3 app\n`,
  ],
  ['empty continuation lines', '\\\n', (many) => `[Service]\nExecStart=gunicorn ${many}-w 3 app\n`],
  [
    'lines of ExecStart=',
    'ExecStart=/bin/true\n',
    (many) => `[Service]\n${many}ExecStart=gunicorn -w 3 app\n`,
  ],
  [
    'commands of one line',
    '/bin/true ; ',
    (many) => `[Service]\nExecStart=${many}gunicorn -w 3 app\n`,
  ],
  [
    'a script',
    'true && ',
    (many) => `[Service]\nExecStart=sh -c '${many} exec gunicorn -w 3 app'\n`,
  ],
  [
    'assignments of a script',
    'A=1; ',
    (many) => `[Service]\nExecStart=sh -c '${many} exec gunicorn -w 3 app'\n`,
  ],
  [
    'variables of a script, all different',
    '$',
    (many) =>
      `[Service]\nExecStart=sh -c '${Array.from({ length: many.length / 8 }, (_, n) => `A${n}=1;`).join('')} exec gunicorn -w 3 app'\n`,
  ],
  ['braces', '${A', (many) => `[Service]\nExecStart=gunicorn -w 3 ${many}\n`],
  ['opened expansions', '${A:-', (many) => `[Service]\nExecStart=:sh -c 'gunicorn -w 3 ${many}'\n`],
  ['quotes', '"', (many) => `[Service]\nExecStart=gunicorn -w 3 ${many}\n`],
  ['quotes of both kinds', `"'"'"'`, (many) => `[Service]\nExecStart=gunicorn -w 3 ${many}\n`],
  ['backslashes', '\\', (many) => `[Service]\nExecStart=gunicorn -w 3 ${many}\n`],
  ['percents', '%n ', (many) => `[Service]\nExecStart=gunicorn ${many}-w 3 app\n`],
  ['sections', '[A]\n', (many) => `${many}[Service]\nExecStart=gunicorn -w 3 app\n`],
  ['blanks', ' ', (many) => `[Service]\nExecStart=gunicorn ${many}-w 3 app\n${many}\n`],
  [
    'values of a value',
    'a ',
    (many) => `[Service]\nEnvironment="O=${many}"\nExecStart=gunicorn $O $O -w 3 app\n`,
  ],
  [
    'arguments from GUNICORN_CMD_ARGS',
    '-t 1 ',
    (many) => `[Service]\nEnvironment="GUNICORN_CMD_ARGS=${many}-w 3"\nExecStart=gunicorn app\n`,
  ],
  ['no number at all', '-t 1 ', (many) => `[Service]\nExecStart=gunicorn ${many}app\n`],
  ['no number for Celery', '-Q a ', (many) => `[Service]\nExecStart=celery -A p worker ${many}\n`],
];

/** Units of about `bytes` bytes that a reading which is not linear would choke on. */
export const LARGE = ROWS.map(([name, piece, make]) => ({
  name,
  make: (bytes: number) => make(piece.repeat(bytes / piece.length)),
}));
