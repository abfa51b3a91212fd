export type * from '../store/reads.ts';
