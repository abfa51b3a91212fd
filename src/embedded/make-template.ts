/** `node make-template.ts`, after an installation: the first start of an embedded TimescaleDB is then a quick one. */
import { makeTemplate } from './template.ts';

await makeTemplate();
