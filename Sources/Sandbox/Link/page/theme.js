// Turns a merchant's style into custom properties of the page, for a light and a dark ground.

import {
  contrast, markContrast, mix, parseColour, printColour, readableOn, strengthened, textContrast,
} from "./colours.js";

const grounds = { light: [255, 255, 255], dark: [21, 24, 31] };
const defaultPrimary = [31, 93, 214];

/** A length in pixels between 0 and `most`, or the default: `br` and `ir` come from a URL. */
function pixels(value, usual, most) {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return `${Number.isFinite(number) && number >= 0 ? Math.min(number, most) : usual}px`;
}

/** The custom properties of a style on the light or the dark ground. Pure, so that it can be tested. */
export function properties(style, scheme) {
  const ground = grounds[scheme];
  let primary = parseColour(style.pc) ?? defaultPrimary;
  // A button in the colour of the page could not be seen: it moves away from it.
  if (contrast(primary, ground) < 1.25) primary = strengthened(primary, ground, 1.6);
  const secondary = parseColour(style.sc) ?? mix(ground, scheme === "dark" ? [255, 255, 255] : [15, 23, 42], 0.07);
  const text = scheme === "dark" ? [242, 244, 248] : [18, 21, 28];
  const secondaryText = readableOn(secondary, parseColour(style.st) ?? text);
  return {
    "--primary": printColour(primary),
    "--on-primary": printColour(readableOn(primary, parseColour(style.pt))),
    "--secondary": printColour(secondary),
    "--on-secondary": printColour(secondaryText),
    "--accent": printColour(strengthened(primary, ground, textContrast)),
    "--focus": printColour(strengthened(primary, ground, markContrast)),
    "--tint": printColour(mix(ground, primary, scheme === "dark" ? 0.16 : 0.08)),
    "--button-radius": pixels(style.br, 12, 32),
    "--frame-radius": pixels(style.ir, 24, 40),
  };
}

/** Applies a style, and keeps to the system's theme when it changes. */
export function applyTheme(root, theme, style) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const scheme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    root.dataset.scheme = scheme;
    for (const [name, value] of Object.entries(properties(style, scheme))) root.style.setProperty(name, value);
  };
  paint();
  if (theme === "system") dark.addEventListener("change", paint);
}
