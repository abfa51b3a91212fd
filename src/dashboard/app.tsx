import { ThemeProvider } from '@mui/material/styles';
import { useLayoutEffect, useMemo } from 'react';
import { coloursOf, colourVariables } from './colours.ts';
import { usePreferences, useShownTheme } from './preferences.ts';
import { Shell } from './shell/shell.tsx';
import { muiTheme } from './theme.ts';

/** The page in its colours. */
export function App() {
  const theme = useShownTheme();
  const { pair } = usePreferences();
  useLayoutEffect(() => {
    const { style, dataset } = document.documentElement;
    for (const [name, value] of Object.entries(colourVariables(coloursOf(theme, pair)))) style.setProperty(name, value);
    dataset.theme = theme;
  }, [theme, pair]);
  const made = useMemo(() => muiTheme(theme, pair), [theme, pair]);
  return <ThemeProvider theme={made}><Shell /></ThemeProvider>;
}
