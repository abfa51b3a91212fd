import { createTheme } from '@mui/material/styles';
import type { Theme as MuiTheme } from '@mui/material/styles';
import { coloursOf } from './colours.ts';
import type { Pair, Theme } from './colours.ts';

const fonts = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** Dense and square: parts of a panel, not cards. */
export function muiTheme(theme: Theme, pair: Pair): MuiTheme {
  const colours = coloursOf(theme, pair);
  return createTheme({
    palette: {
      mode: theme,
      primary: { main: colours.accent }, error: { main: colours.act }, warning: { main: colours.look },
      success: { main: colours.up }, background: { default: colours.page, paper: colours.panel },
      text: { primary: colours.text, secondary: colours.quiet }, divider: colours.line,
    },
    shape: { borderRadius: 3 },
    spacing: 6,
    typography: { fontFamily: fonts, fontSize: 13, button: { textTransform: 'none', fontWeight: 500 } },
    transitions: {
      duration: { enteringScreen: 90, leavingScreen: 60, shortest: 60, shorter: 80, short: 100, standard: 120, complex: 150 },
    },
    components: {
      MuiButtonBase: { defaultProps: { disableRipple: true } },
      MuiButton: { defaultProps: { size: 'small' } },
      MuiIconButton: { defaultProps: { size: 'small' } },
      MuiTextField: { defaultProps: { size: 'small' } },
      MuiSelect: { defaultProps: { size: 'small' } },
      MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
      MuiDialog: { styleOverrides: { paper: { border: `1px solid ${colours.line}` } } },
      MuiTooltip: {
        styleOverrides: {
          tooltip: {
            backgroundColor: colours.raised, color: colours.text, border: `1px solid ${colours.line}`, fontSize: 12,
          },
        },
      },
      MuiToggleButton: {
        defaultProps: { size: 'small' }, styleOverrides: { root: { padding: '2px 8px', lineHeight: 1.5 } },
      },
    },
  });
}
