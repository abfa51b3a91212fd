import Button from '@mui/material/Button';
import { Component } from 'react';
import type { ReactNode } from 'react';

interface State {
  readonly failed: Error | null;
}

/** A tab that fails takes nothing else with it. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { failed: null };

  static getDerivedStateFromError(failed: Error): State {
    return { failed };
  }

  override render(): ReactNode {
    const { failed } = this.state;
    if (failed === null) return this.props.children;
    return (
      <div className="empty-state" role="alert">
        <h2>This tab has failed</h2>
        <p>The others go on, and so does the pipeline. What the browser says: {failed.message}</p>
        <Button variant="outlined" onClick={() => location.reload()}>Load the page again</Button>
      </div>
    );
  }
}
