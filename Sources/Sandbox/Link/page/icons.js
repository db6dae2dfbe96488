// Marks drawn here, so that nothing is fetched and no trademark is copied: line icons, and a letter on a colour for
// exchanges, wallets and assets.

import { el, svg, withProperties } from "./dom.js";
import { parseColour, printColour, readableOn } from "./colours.js";

const paths = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  next: "M9 5l7 7-7 7",
  search: "M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14M16.2 16.2L21 21",
  check: "M5 12.5l4.5 4.5L19 7.5",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  alert: "M12 5v8.5M12 18.4v.2",
  clock: "M12 7v5l3.2 2M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17",
  swap: "M4 9h15l-4-4M20 15H5l4 4",
  grid: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM17.5 17.5H20V20h-2.5",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  pen: "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19zM13.5 7l3.5 3.5",
  wallet: "M4 7h14a2 2 0 0 1 2 2v9H6a2 2 0 0 1-2-2zM4 7l11-3v3M16 13.5h.5",
  shield: "M12 3.5l7 2.5v5.5c0 4.4-2.9 7.4-7 9-4.1-1.6-7-4.6-7-9V6z",
};

/** A line icon. It says nothing by itself: the control or text beside it has the name. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: paths[name] }));
}

/** A large round mark at the head of a result: `good`, `bad` or `wait`. */
export const stamp = (kind) =>
  el("div", { class: `stamp ${kind}` }, icon({ good: "check", bad: "alert", wait: "clock" }[kind]));

const colours = {
  Coinbase: "#0052ff", Binance: "#f0b90b", MetaMask: "#e2761b", Rainbow: "#174299", Phantom: "#ab9ff2",
  Robinhood: "#00c805", Kraken: "#7132f5", OKX: "#111111", Bybit: "#f7a600", Gemini: "#00b8d4",
  "Crypto.com": "#03316c", "Trust Wallet": "#0500ff", "Coinbase Wallet": "#0a46e4",
  BTC: "#f7931a", ETH: "#627eea", USDC: "#2775ca", USDT: "#1f9d78", SOL: "#9945ff", BNB: "#f0b90b", XRP: "#23292f",
  DOGE: "#c2a633", ADA: "#0033ad", LTC: "#345d9d", POL: "#8247e5", AVAX: "#e84142", TRX: "#eb0029", XLM: "#111111",
  Ethereum: "#627eea", Base: "#0052ff", Solana: "#9945ff", Polygon: "#8247e5", Bitcoin: "#f7931a", BSC: "#f0b90b",
  Arbitrum: "#213147", Optimism: "#d60a1c", Ripple: "#23292f", Tron: "#d1001f", Stellar: "#111111",
  EURC: "#1e4fc2", PYUSD: "#0070e0", LINK: "#2a5ada",
};

/** A colour for a name that has none: always the same one, from a few that go together. */
function colourOf(name) {
  if (Object.hasOwn(colours, name)) return parseColour(colours[name]);
  const sum = [...name].reduce((total, letter) => (total * 31 + letter.codePointAt(0)) % 997, 7);
  return parseColour(["#475569", "#0f766e", "#7c3aed", "#b45309", "#be185d", "#1d4ed8", "#4d7c0f"][sum % 7]);
}

/** The first letter of a name on its colour. `shape` is `square` for places and `round` for assets. */
export function mark(name, shape = "square") {
  const ground = colourOf(name);
  const letter = [...name.trim()][0]?.toUpperCase() ?? "?";
  return withProperties(el("span", { class: `mark ${shape}`, "aria-hidden": "true" }, letter),
    { "--mark": printColour(ground), "--on-mark": printColour(readableOn(ground, null)) });
}

/** The merchant's logo. One that does not load leaves the merchant's letter. */
export function merchantMark({ name, logoUrl }) {
  if (!logoUrl) return mark(name);
  const logo = el("img", { class: "logo", src: logoUrl, alt: "", onerror: () => logo.replaceWith(mark(name)) });
  return logo;
}

/** The mark of a place as an image that can be given to the host: a data URL. */
export function markImage(name) {
  const ground = colourOf(name);
  const letter = ([...name.trim()][0] ?? "?").toUpperCase().replace(/[^\p{L}\p{N}]/u, "?");
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="10" `
    + `fill="${printColour(ground)}"/><text x="20" y="27" font-family="sans-serif" font-size="20" font-weight="700" `
    + `text-anchor="middle" fill="${printColour(readableOn(ground, null))}">${letter}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(text)}`;
}
