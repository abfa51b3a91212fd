/*
 * Every colour of the page, once. Each carries one meaning: up and down, accent for what can be clicked, look and act for
 * what needs a person, the rest is grey. `colourVariables` gives them to style sheets, the charts take them as they are.
 */

export type Theme = 'dark' | 'light';
/** Which pair means up and down: green and red, or one that colour-blind eyes tell apart. */
export type Pair = 'green-red' | 'blue-orange';

export interface Colours {
  readonly page: string;
  readonly panel: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly accent: string;
  readonly look: string;
  readonly act: string;
  readonly up: string;
  readonly down: string;
}

const grounds: Readonly<Record<Theme, Omit<Colours, 'up' | 'down'>>> = {
  dark: {
    page: '#0d1014', panel: '#14181e', raised: '#1c222a', line: '#29313b', text: '#dbe2ea', quiet: '#929eac',
    accent: '#6cb2ff', look: '#e5b04a', act: '#ff7b72',
  },
  light: {
    page: '#f3f5f7', panel: '#ffffff', raised: '#eef1f4', line: '#d5dce4', text: '#1a2129', quiet: '#566170',
    accent: '#0a5cc2', look: '#805700', act: '#b42318',
  },
};

const pairs: Readonly<Record<Theme, Readonly<Record<Pair, Pick<Colours, 'up' | 'down'>>>>> = {
  dark: { 'green-red': { up: '#35b98a', down: '#f2646e' }, 'blue-orange': { up: '#5ab4e8', down: '#ee7f45' } },
  light: { 'green-red': { up: '#0a7550', down: '#c42b3a' }, 'blue-orange': { up: '#0a68a6', down: '#b34700' } },
};

export function coloursOf(theme: Theme, pair: Pair): Colours {
  return { ...grounds[theme], ...pairs[theme][pair] };
}

/** `--page`, `--up` and so on, for the root element. */
export function colourVariables(colours: Colours): Record<string, string> {
  return Object.fromEntries(Object.entries(colours).map(([name, value]) => [`--${name}`, value]));
}

/** The same colour with this opacity, 0 to 1, as #rrggbbaa. */
export function faded(colour: string, opacity: number): string {
  return `${colour}${Math.round(opacity * 255).toString(16).padStart(2, '0')}`;
}

/** This share, 0 to 1, of one colour and the rest of another one, as #rrggbb: as opaque as they are. */
export function mixed(colour: string, ground: string, share: number): string {
  const part = (text: string, at: number): number => Number.parseInt(text.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map((at) => Math.round(part(colour, at) * share + part(ground, at) * (1 - share)));
  return `#${parts.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
}
