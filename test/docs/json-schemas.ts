import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

const FOLDER = new URL('../../docs/json/', import.meta.url);

type Schema = Record<string, unknown>;

/** The published schemas by the name of their file, as they are written. */
export const SCHEMAS: ReadonlyMap<string, Schema> = new Map(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.schema.json'))
    .sort()
    .map((file) => [
      file.replace('.schema.json', ''),
      JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Schema,
    ]),
);

/** For users, keys may be added to an object; here each one has to be described, unless the schema allows others. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

const OPTIONS = { strict: false, allErrors: false, formats: { 'date-time': isMoment } };
const validators = new Map<string, ValidateFunction>();
const modern = new Ajv2020(OPTIONS);
modern.addSchema(closed(SCHEMAS.get('common')) as Schema);

function validatorOf(command: string): ValidateFunction {
  const known = validators.get(command);
  if (known !== undefined) return known;
  const schema = SCHEMAS.get(command);
  assert.ok(schema !== undefined, `docs/json/${command}.schema.json is not there`);
  const ajv = String(schema['$schema']).includes('2020-12') ? modern : new Ajv(OPTIONS);
  const validator = ajv.compile(closed(schema) as Schema);
  validators.set(command, validator);
  return validator;
}

/** Asserts that a JSON document is what docs/json says of that command, without a key that is not described; answers it. */
export function assertDocumented(command: string, text: string): unknown {
  const document: unknown = JSON.parse(text);
  const validate = validatorOf(command);
  const isValid = validate(document);
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  assert.ok(isValid, `${command} --json: ${faults.join('; ').slice(0, 600)}`);
  return document;
}

function isMoment(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text);
}
