/** While the file of a tab comes: quiet panels where its own will be. */
export function TabSkeleton() {
  return <div className="tab-skeleton" role="status" aria-busy="true" aria-label="Loading"><div /><div /><div /></div>;
}
