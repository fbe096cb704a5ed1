import { existsSync, readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';

const PURE = 'This room is pure: no node module, no package, no other room but types.';

/** What reads command lines, and what follows from them alone. */
const PURE_KINDS = [
  'src/kinds/{python,program}.ts',
  'src/kinds/command/**/*.ts',
  'src/kinds/*/{command,options,multi,concurrency,config-file,python-config,pool,propose}.ts',
  'src/kinds/*/{find-bind,find-broker,find-option,guess-broker,proposal}.ts',
];

/** The names of the kinds are those of their folders. */
const KINDS = readdirSync(new URL('src/kinds/', import.meta.url)).filter((name) =>
  existsSync(new URL(`src/kinds/${name}/index.ts`, import.meta.url)),
);

/** A third kind would silently be taken for the second one where the name of the first is compared. */
const comparesNoKind = {
  create: (context) => {
    const check = (node) => {
      if (node?.type === 'Literal' && KINDS.includes(node.value)) {
        context.report({ node, message: 'ask the kind (kindNamed), do not compare its name' });
      }
    };
    return {
      BinaryExpression: ({ left, right }) => [left, right].forEach(check),
      SwitchCase: ({ test }) => check(test),
    };
  },
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'test/fixtures/', '.packages-*/'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.mjs', 'scripts/*/*.mjs'] } },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      eqeqeq: 'error',
    },
  },
  {
    // What leaves the process goes one way, on which it is cleaned: writeOut and writeErr.
    files: ['src/**/*.ts'],
    ignores: ['src/host/streams.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.property.name='write'] > MemberExpression > MemberExpression[object.name='process']",
          message: 'writeOut and writeErr clean what they write',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/kinds/**'],
    plugins: { kinds: { rules: { 'compare-none': comparesNoKind } } },
    rules: { 'kinds/compare-none': 'error' },
  },
  {
    // The pure rooms. Type-only imports stay allowed: they vanish when built.
    files: [
      'src/model/**/*.ts',
      'src/metrics/**/*.ts',
      'src/decide/**/*.ts',
      'src/targets/systemd/unit-file/**/*.ts',
      ...PURE_KINDS,
      'src/commands/check/findings/**/*.ts',
      'src/commands/init/proposal/**/*.ts',
      'src/act/plan.ts',
    ],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^node:', message: PURE },
            { regex: '^[a-z@]', message: PURE, allowTypeImports: true },
            {
              // the trust rule itself is pure too
              regex:
                '/(host(?!/files/trust-rule\\.)|measure|systemd(?!/unit-file/)|state|commands|output|log|config)(/|\\.)',
              message: PURE,
              allowTypeImports: true,
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        'process',
        'console',
        'setTimeout',
        'fetch',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'now is an argument' },
        { object: 'Math', property: 'random', message: 'no randomness here' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'now is an argument',
        },
      ],
    },
  },
  {
    files: ['src/metrics/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(?!\\.\\./model/|\\./)', message: 'the metrics import model/ alone' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/measure/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/(act|commands|output)/',
              message: 'measure and act never import each other',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/act/**/*.ts'],
    ignores: ['src/act/plan.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/(measure|commands|output)/',
              message: 'measure and act never import each other',
            },
          ],
        },
      ],
    },
  },
  {
    // What has rules of its own above is pure, and imports still less.
    files: ['src/kinds/**/*.ts'],
    ignores: PURE_KINDS,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/(act|commands|output|config|state|measure)/',
              message: 'those rooms ask kinds, not the other way around',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // node:test returns promises that the runner itself awaits
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'describe', 'it', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['eslint.config.mjs', '.dependency-cruiser.mjs', 'src/**/*.d.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
);
