import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TestKafka } from '../kafka.ts';

/** For scripts/dev.sh: runs a broker once and keeps the classes that it loaded in the form that a JVM maps into memory. */
const archive = join(import.meta.dirname, '../../../.kafka/current/classes.jsa');
const fresh = `${archive}.${process.pid}`;
rmSync(archive, { force: true });
const kafka = await TestKafka.start({ jvm: [`-XX:ArchiveClassesAtExit=${fresh}`] });
try {
  await kafka.createTopic('any');
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await kafka.produce('any', [{ value: 'x' }], { codec });
  }
  await kafka.produce('any', [{ value: 'x' }], { transaction: { id: 'any', end: 'commit' } });
  await kafka.read('any');
  await kafka.stop('clean');
  renameSync(fresh, archive);
} finally {
  await kafka.dispose();
}
