import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { useSession } from '../session.tsx';

/** Asked for when the server wants one. It is kept until this window is closed. */
export function KeyDialog({ isOpen }: { readonly isOpen: boolean }) {
  const { key } = useSession();
  const [typed, setTyped] = useState('');
  const wasWrong = isOpen && key.value !== null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (typed.trim() === '') return;
    key.set(typed.trim());
    setTyped('');
  };
  return (
    <Dialog open={isOpen} maxWidth="xs" fullWidth aria-labelledby="key-title">
      <form onSubmit={submit}>
        <DialogTitle id="key-title">This server asks for an API key</DialogTitle>
        <DialogContent>
          <p className="quiet">{wasWrong ? 'The key that was sent is not right. ' : ''}It is that of the setting
            server.api_key, or one that <code>mdp api-key NAME</code> has made. It is kept until this window is closed.</p>
          <TextField autoFocus fullWidth type="password" label="API key" value={typed} error={wasWrong} autoComplete="off"
            onChange={(event) => setTyped(event.target.value)} />
        </DialogContent>
        <DialogActions><Button type="submit" variant="contained">Open</Button></DialogActions>
      </form>
    </Dialog>
  );
}
