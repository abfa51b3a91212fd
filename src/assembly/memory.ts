/** Where things stand in the memory that the reader of records shares with src/sources/kafka/alike-records.ts. */

/**
 * What a call of readRecords is about, each a double: where records begin and end in the input, how many are wanted, the
 * offset before them and the highest there is (both counted from the batch's first), that first offset, the time that the
 * records' own times are added to, whether they have some (else it is the time of all), and the event time to stop at.
 */
export const requestAt: usize = memory.data(9 * 8, 16);
/** What it leaves: where the next record begins, and the offset of the last one that was read. */
export const resultAt: usize = memory.data(2 * 8, 16);

/** Rows that one call can fill. */
export const rowsMax: i32 = 1024;
/** Bytes of records that are looked at at once; what lies behind them is a zero, at which every scan ends. */
export const inputBytesMax: i32 = 65536;
export const inputAt: usize = memory.data(inputBytesMax + 64, 16);

/**
 * What stands between the values of a record (src/sources/scan/json-layout.ts), `pieceBytes` each: the field behind it
 * and the length, both i32, then from 16 on the text and from 64 on its mask: 255 where a byte counts.
 */
export const pieceBytes: i32 = 112;
export const piecesMax: i32 = 33;
export const piecesAt: usize = memory.data(piecesMax * pieceBytes, 16);
export const pieceText: usize = 16;
export const pieceMask: usize = 64;

/** What a record is called that does not say it. */
export const usualSymbolAt: usize = memory.data(32, 16);

/** Columns of the rows that were read, as in src/sources/tick-columns.ts. */
export const priceAt: usize = memory.data(rowsMax * 8, 16);
export const sizeAt: usize = memory.data(rowsMax * 8, 16);
export const eventTimeAt: usize = memory.data(rowsMax * 8, 16);
export const tradeIdAt: usize = memory.data(rowsMax * 8, 16);
export const positionAt: usize = memory.data(rowsMax * 8, 16);
export const logTimeAt: usize = memory.data(rowsMax * 8, 16);
export const instrumentAt: usize = memory.data(rowsMax * 4, 16);
export const sideAt: usize = memory.data(rowsMax, 16);
/** Four i32 a row: where the key and the value begin and end; the key's are -1 where it is null. */
export const placesAt: usize = memory.data(rowsMax * 16, 16);
