// Colours of a merchant's brand, made readable: WCAG 2 wants a contrast of 4.5 for text and of 3 for marks.

export const textContrast = 4.5;
/** A little more than 3, for marks stand on tinted boxes too. */
export const markContrast = 3.6;

/** `#rgb` or `#rrggbb` as three numbers from 0 to 255, or null: nothing else of a URL gets into the style sheet. */
export function parseColour(text) {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(typeof text === "string" ? text.trim() : "");
  if (!match) return null;
  const digits = match[1].length === 3 ? [...match[1]].map((digit) => digit + digit).join("") : match[1];
  return [0, 2, 4].map((start) => Number.parseInt(digits.slice(start, start + 2), 16));
}

export const printColour = (colour) =>
  `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** From 1, the same, to 21, black on white. */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const black = [0, 0, 0];
const white = [255, 255, 255];

/** The text colour for a ground: the wanted one if it can be read, else black or white, one of which always can. */
export function readableOn(ground, wanted) {
  if (wanted && contrast(ground, wanted) >= textContrast) return wanted;
  return contrast(ground, white) >= contrast(ground, black) ? white : black;
}

/** The colour, moved towards black or white just far enough to stand out from the ground. */
export function strengthened(colour, ground, least) {
  const end = luminance(ground) > 0.18 ? black : white;
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, end, share).map(Math.round);
    if (contrast(mixed, ground) >= least) return mixed;
  }
  return end;
}

export const mix = (one, other, share) => one.map((part, index) => part + (other[index] - part) * share);
