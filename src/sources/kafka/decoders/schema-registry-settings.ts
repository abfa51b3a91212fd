import { MdpError } from '../../../errors.ts';
import type { Settings, ValuesOf } from '../../../model/setting.ts';
import type { RegistryAddress } from './schema-registry.ts';

/** Of every format whose messages name a schema. */
export const schemaRegistrySettings = {
  schema_registry_url: {
    type: 'text', default: null,
    doc: 'Address of the schema registry whose schemas messages of avro and protobuf name: http://127.0.0.1:8081.',
  },
  schema_registry_username: {
    type: 'text', default: null,
    doc: 'User name for the schema registry; null where it asks for none.',
  },
  schema_registry_password: {
    type: 'text', default: null, secret: true,
    doc: 'Password for the schema registry.',
  },
} as const satisfies Settings;

export type SchemaRegistryValues = ValuesOf<typeof schemaRegistrySettings>;

/** Throws an MdpError `config-invalid` where the settings name no registry. */
export function registryAddress(
  source: string, values: SchemaRegistryValues & { readonly format: string },
): RegistryAddress {
  const { schema_registry_url: text, schema_registry_username: username, schema_registry_password: password } = values;
  const invalid = (problem: string): MdpError => new MdpError('config-invalid', `Source "${source}": ${problem}.`);
  if (text === null || text === '') throw invalid(`format is ${values.format}, so schema_registry_url must be set`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid(`schema_registry_url "${text}" is no http address`);
  if (url.username + url.password !== '') {
    throw invalid('schema_registry_url holds a login; set schema_registry_username and _password');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return { url, username, password };
}
