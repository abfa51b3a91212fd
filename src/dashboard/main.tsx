import createCache from '@emotion/cache';
import { CacheProvider } from '@emotion/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openSession, SessionContext } from './session.tsx';

// Styles that are made while the page runs carry the nonce that came with it: the policy lets no other in. They stand before
// those of look.css, so that ours win.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce;
const styles = createCache({ key: 'mdp', prepend: true, ...(nonce === undefined ? {} : { nonce }) });

createRoot(document.getElementById('page')!).render(
  <StrictMode>
    <CacheProvider value={styles}>
      <SessionContext value={openSession()}>
        <App />
      </SessionContext>
    </CacheProvider>
  </StrictMode>,
);
