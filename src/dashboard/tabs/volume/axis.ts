/** How axes of charts that are no time series are written: as small as those of the others. */
export const smallAxis = { tickLabelStyle: { fontSize: 11 }, labelStyle: { fontSize: 11 } } as const;
