// Numbers as people read them, in their language. Token amounts keep every digit; money that had to be rounded or
// converted says so with a sign of approximation.

import { divide, isDecimal, isZero, compare, multiply, plain, round } from "./decimals.js";

// The sandbox's prices stand still, and so do its exchange rates: dollars per unit, the euro's as its EURC token's.
const dollarsPer = { USD: "1", EUR: "1.1", GBP: "1.25" };

/** The currency that amounts are shown in: one of those of the SDK's `displayFiatCurrency`, else dollars. */
export const displayCurrency = (name) => (Object.hasOwn(dollarsPer, name ?? "") ? name : "USD");

export class Formats {
  constructor(locale, currency) {
    this.locale = locale;
    this.currency = displayCurrency(currency);
    const parts = new Intl.NumberFormat(locale).formatToParts(1.5);
    this.point = parts.find((part) => part.type === "decimal")?.value ?? ".";
    this.whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  }

  /** Every digit of a decimal string, with the language's marks. What is no decimal string stays as it is. */
  number(text) {
    if (!isDecimal(text)) return String(text ?? "");
    const [whole, fraction] = plain(text).split(".");
    const grouped = this.whole.format(BigInt(whole));
    return fraction ? grouped + this.point + fraction : grouped;
  }

  /** "0.0125 ETH". The space does not break, so that a number is never parted from its unit. */
  token(amount, symbol) {
    return `${this.number(amount)}\u00a0${symbol}`;
  }

  /**
   * What somebody has of a token: cut off after 8 decimals, with an ellipsis, where there are more. Never more than
   * there is, and never what is sent: for that there is `token`.
   */
  balance(amount, symbol) {
    if (!isDecimal(amount)) return this.token(amount, symbol);
    const [whole, fraction = ""] = plain(amount).split(".");
    if (fraction.length <= 8) return this.token(amount, symbol);
    return `${this.number(`${whole}.${fraction.slice(0, 8)}`)}…\u00a0${symbol}`;
  }

  /** An amount of dollars in the display currency. */
  money(dollars) {
    if (!isDecimal(dollars)) return "";
    if (this.currency === "USD") return this.#currency(dollars, "USD", true);
    return this.#currency(divide(dollars, dollarsPer[this.currency], 12), this.currency, false);
  }

  /** An amount of dollars as dollars, whatever the display currency. */
  dollars(dollars) {
    return isDecimal(dollars) ? this.#currency(dollars, "USD", true) : "";
  }

  /** What was typed in the display currency, in dollars, to the cent. */
  toDollars(amount) {
    return round(multiply(amount, dollarsPer[this.currency]), 2).text;
  }

  /** An amount of dollars in the display currency as it is typed: to the cent, with a point. */
  fromDollars(dollars) {
    return round(divide(dollars, dollarsPer[this.currency], 12), 2).text;
  }

  #currency(amount, currency, isSource) {
    const rounded = round(amount, 2);
    const format = new Intl.NumberFormat(this.locale, { style: "currency", currency });
    if (compare(rounded.text, "0.01") < 0 && !isZero(amount)) return `<\u00a0${this.#parts(format, "0.01")}`;
    const text = this.#parts(format, rounded.text);
    return rounded.isExact && isSource ? text : `≈\u00a0${text}`;
  }

  // Built from parts and not from a number: 15 digits are all that a number keeps, and large balances have more.
  #parts(format, text) {
    const [whole, fraction = ""] = text.split(".");
    let isPlaced = false;
    return format
      .formatToParts(1)
      .map(({ type, value }) => {
        if (type === "fraction") return fraction.padEnd(2, "0");
        if (type !== "integer") return value;
        if (isPlaced) return "";
        isPlaced = true;
        return this.whole.format(BigInt(whole));
      })
      .join("");
  }
}

/** Minutes and seconds, "4:05". */
export function clock(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** An address for a narrow place: its beginning and its end, which is what people compare. */
export function shortened(text, head = 8, tail = 6) {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}
