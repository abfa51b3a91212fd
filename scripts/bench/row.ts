/** One line of the benchmark table: a figure beside the limit that was measured in the same run. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limitName: string;
  readonly limit: number;
  readonly aim: string;
}
