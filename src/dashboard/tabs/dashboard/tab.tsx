import { EmptyState } from '../../parts/empty-state.tsx';

export function Tab() {
  return <EmptyState title="Nothing here yet">This tab is being built.</EmptyState>;
}
