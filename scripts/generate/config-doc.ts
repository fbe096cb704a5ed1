/** What is read of a JSON Schema here; zod writes it. */
export interface JsonSchema {
  type?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: string[];
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | false;
  propertyNames?: { pattern?: string };
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** `docs/config.md`: each key of the config with its type, default and an example, from the schema that it is checked with. */
export function renderConfigDoc(schema: JsonSchema): string {
  const project = schema.properties?.['projects']?.additionalProperties;
  const global = schema.properties?.['global'];
  if (!project || global === undefined) throw new Error('the schema has no projects or no global');
  return [
    '<!-- Generated from the schema of the config: npm run generate -->',
    '',
    '# The config',
    '',
    INTRODUCTION,
    '',
    '## Keys of a project',
    '',
    ...renderKeys(project),
    '## Keys of `global`',
    '',
    ...renderKeys(global),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

const INTRODUCTION = `JSON with \`//\` comments and trailing commas. It is looked for in this order: \`--config FILE\`, \`$AUTOSCALER_CONFIG\`,
\`/etc/autoscaler/config.json\`. All faults are reported at once, each with file, line and key. Editors check it against
\`config/autoscaler.schema.json\`; \`config/autoscaler.example.jsonc\` is a full example, and \`autoscaler init\` writes a
config for the services of the host.

The config and its folder must belong to root (or to whoever runs autoscaler) and must not be writable by others: whoever
can write it decides what root does.

It has two parts: \`projects\`, by name, and \`global\`, which may be left out. How thresholds, durations and limits lead to
a number is in [deciding.md](deciding.md), what each metric is in [metrics.md](metrics.md) and
[resources.md](resources.md), the forms of a broker's URL in [brokers.md](brokers.md).`;

function renderKeys(schema: JsonSchema): string[] {
  const keys = Object.entries(schema.properties ?? {});
  const isUsed = ([, { description }]: [string, JsonSchema]) =>
    description?.startsWith('Accepted, not used') !== true;
  const unused = keys.filter((key) => !isUsed(key)).map(([name]) => `\`${name}\``);
  return [
    ...keys
      .filter(isUsed)
      .flatMap(([name, key]) => renderKey(name, key, schema.required?.includes(name) ?? false)),
    ...(unused.length === 0
      ? []
      : [`Accepted from older configs, but not used: ${unused.join(', ')}.`, '']),
  ];
}

function renderKey(name: string, key: JsonSchema, isRequired: boolean): string[] {
  const facts = [
    ['Type', describeType(key)],
    ['Default', describeDefault(key, isRequired)],
    ['Example', `\`"${name}": ${toJson(findExample(key))}\``],
  ];
  const options = findOptions(key);
  return [
    `### \`${name}\``,
    '',
    markUp(splitDefault(key.description ?? '')[0]),
    '',
    ...facts.map(([what, fact]) => `- ${what}: ${fact}`),
    ...(options === null ? [] : ['- Options:', ...renderOptions(options, '  ')]),
    '',
  ];
}

/** The keys of a value that is an object of named keys with a meaning each. */
function findOptions(key: JsonSchema): JsonSchema | null {
  const all = [key, key.items, ...(key.anyOf ?? [])];
  const found = all.find((each) => each?.properties !== undefined && !isDirections(each));
  return found ?? null;
}

function renderOptions(schema: JsonSchema, indent: string): string[] {
  const keys = Object.entries(schema.properties ?? {});
  const used = keys.filter(([, { description }]) => description !== 'Accepted, not used.');
  const unused = keys.filter((key) => !used.includes(key)).map(([name]) => `\`${name}\``);
  return [
    ...used.flatMap(([name, key]) => [
      `${indent}- \`${name}\`: ${markUp(key.description ?? '')}`,
      ...(key.properties === undefined ? [] : renderOptions(key, `${indent}  `)),
    ]),
    ...(unused.length === 0 ? [] : [`${indent}- Accepted, but not used: ${unused.join(', ')}.`]),
  ];
}

function isDirections({ properties }: JsonSchema): boolean {
  return Object.keys(properties ?? {}).join() === 'scale_up,scale_down';
}

function describeType(key: JsonSchema): string {
  if (key.enum !== undefined) return key.enum.map((word) => `\`"${word}"\``).join(' or ');
  if (key.anyOf !== undefined) return key.anyOf.map(describeType).join(', or ');
  switch (key.type) {
    case 'boolean':
      return '`true` or `false`';
    case 'number':
      return describeNumber(key);
    case 'string':
      return 'text';
    case 'array':
      return key.items?.properties === undefined
        ? `list of ${describeType(key.items ?? {})}s`
        : 'list of objects';
    case 'object':
      return describeObject(key);
    default:
      return 'anything';
  }
}

function describeObject(key: JsonSchema): string {
  if (isDirections(key)) return '`{ "scale_up": …, "scale_down": … }`';
  const values = key.additionalProperties;
  if (key.propertyNames !== undefined && values) {
    return `thresholds, \`scale_up_N\` and \`scale_down_N\`, each a ${describeNumber(values)}`;
  }
  return 'object';
}

function describeNumber({ minimum = 0, maximum, multipleOf }: JsonSchema): string {
  const word = multipleOf === 1 ? 'whole number' : 'number';
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? `${word} from ${minimum}`
    : `${word} from ${minimum} to ${maximum}`;
}

/** A description without its last sentence about the default, and that. */
function splitDefault(description: string): [rest: string, byDefault: string | null] {
  const [, rest = description, byDefault = null] =
    /^(.*?) ?Default: (.*)\.$/s.exec(description) ?? [];
  return [rest, byDefault];
}

function describeDefault(key: JsonSchema, isRequired: boolean): string {
  if (isRequired) return 'none; required';
  const [, said] = splitDefault(key.description ?? '');
  if (said !== null) return markUp(said);
  return key.default === undefined ? 'not set' : `\`${toJson(key.default)}\``;
}

/** The one of the schema, or else a value other than the default. */
function findExample(key: JsonSchema): unknown {
  if (key.examples !== undefined) return key.examples[0];
  if (key.enum !== undefined) return key.enum.find((word) => word !== key.default);
  if (key.type === 'boolean') return key.default !== true;
  return key.minimum ?? null;
}

/** JSON in one line, with blanks as people write it. */
function toJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, each]) => `"${key}": ${toJson(each)}`);
  return `{ ${entries.join(', ')} }`;
}

/** Names of keys and options as code, names of documents as links. */
function markUp(description: string): string {
  return description
    .replace(/\b[a-z]+(?:_[a-zN]+)+\b|(?<!\S)--[a-z-]+/g, '`$&`')
    .replace(
      /\bautoscaler (?:[a-z]+)(?: `--[a-z]+`)?/g,
      (command) => `\`${command.replaceAll('`', '')}\``,
    )
    .replace(/\b[a-z-]+\.md\b/g, '[$&]($&)')
    .replace(/``+/g, '`')
    .replace(/^(?:true|false)(?=:)/, '`$&`');
}
