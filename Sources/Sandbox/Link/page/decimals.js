// Exact decimal numbers as strings, as the server sends them. A floating point number would round an amount, and what
// people see must be what is sent.

const form = /^(\d{1,40})(?:\.(\d{1,40}))?$/;

/** Whether the text is a plain decimal number: digits, perhaps a point and digits. */
export const isDecimal = (text) => typeof text === "string" && form.test(text);

function parse(text) {
  const match = form.exec(text);
  if (!match) throw new RangeError("not a decimal number");
  const fraction = match[2] ?? "";
  return { units: BigInt(match[1] + fraction), scale: fraction.length };
}

function print(units, scale) {
  const digits = units.toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale === 0 ? "" : digits.slice(digits.length - scale).replace(/0+$/, "");
  return fraction ? `${whole}.${fraction}` : whole;
}

const power = (exponent) => 10n ** BigInt(exponent);

function aligned(left, right) {
  const [a, b] = [parse(left), parse(right)];
  const scale = Math.max(a.scale, b.scale);
  return { a: a.units * power(scale - a.scale), b: b.units * power(scale - b.scale), scale };
}

/** Negative, zero or positive, as `left` is less than, equal to or more than `right`. */
export function compare(left, right) {
  const { a, b } = aligned(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

export const isZero = (text) => parse(text).units === 0n;

export function add(left, right) {
  const { a, b, scale } = aligned(left, right);
  return print(a + b, scale);
}

export function multiply(left, right) {
  const [a, b] = [parse(left), parse(right)];
  return print(a.units * b.units, a.scale + b.scale);
}

/** `left / right` with `places` decimals, cut off: what is derived never claims more than there is. Null by zero. */
export function divide(left, right, places) {
  const [a, b] = [parse(left), parse(right)];
  if (b.units === 0n) return null;
  return print((a.units * power(places + b.scale)) / (b.units * power(a.scale)), places);
}

/** Rounds half up to `places` decimals. `isExact` says whether nothing was lost. */
export function round(text, places) {
  const { units, scale } = parse(text);
  if (scale <= places) return { text: print(units, scale), isExact: true };
  const unit = power(scale - places);
  const rest = units % unit;
  const rounded = units / unit + (rest * 2n >= unit ? 1n : 0n);
  return { text: print(rounded, places), isExact: rest === 0n };
}

/** Without zeros at the end and surplus zeros in front. */
export function plain(text) {
  const { units, scale } = parse(text);
  return print(units, scale);
}

/**
 * What a person typed, as a decimal number with at most `places` decimals, or null. A comma is a decimal point too, and
 * there are no grouping marks: "1,234" and "1.234" are the same in every language, and the equivalent beside the field
 * shows how it was read.
 */
export function typed(text, places) {
  const value = text.trim().replace(",", ".").replace(/^\./, "0.").replace(/\.$/, "");
  if (!isDecimal(value)) return null;
  return round(value, places).isExact ? plain(value) : null;
}
