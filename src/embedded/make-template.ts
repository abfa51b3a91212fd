/** `node make-template.ts`, after an installation: the first start of an embedded TimescaleDB then takes half a second. */
import { makeTemplate } from './template.ts';

await makeTemplate();
process.exit(0);
