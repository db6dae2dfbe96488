// What the address of the page says. It is the merchant's and the SDK's to write, so every value is checked.

const languages = ["en", "es", "de", "fr", "pt", "ja"];

/** Base64 of either alphabet, padded or not, as bytes in UTF-8; null for anything else. */
export function decodeBase64(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text) || text === "") return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The object in `link_style`, or an empty one: a page without its colours is better than none. */
export function decodeStyle(text) {
  try {
    const style = JSON.parse(decodeBase64(text ?? "") ?? "{}");
    return style !== null && typeof style === "object" && !Array.isArray(style) ? style : {};
  } catch {
    return {};
  }
}

/**
 * The language to speak and the locale to write numbers in, of a BCP 47 tag or `system`. A tag's region is kept where
 * we speak its language: "de-CH" reads German with Swiss numbers. Other languages fall back to English altogether.
 */
export function chooseLanguage(tag, system = []) {
  const wanted = tag && tag !== "system" ? [tag] : tag === "system" ? system : ["en"];
  for (const candidate of wanted) {
    const locale = canonical(candidate);
    const language = locale?.split("-")[0];
    if (languages.includes(language)) return { language, locale };
  }
  return { language: "en", locale: "en-US" };
}

function canonical(tag) {
  try {
    return Intl.getCanonicalLocales(String(tag).replaceAll("_", "-"))[0] ?? null;
  } catch {
    return null;
  }
}

/** `dark`, `light` or `system`. */
export const chooseTheme = (...wanted) => wanted.find((name) => ["dark", "light", "system"].includes(name)) ?? "system";

/** Everything of the page's own address. */
export function readAddress(href, system) {
  const query = new URL(href).searchParams;
  const style = decodeStyle(query.get("link_style"));
  return {
    authCode: query.get("auth_code") ?? "",
    ...chooseLanguage(query.get("lng"), system),
    theme: chooseTheme(query.get("th"), style.th),
    currency: query.get("fiatCur"),
    isEmbedded: query.get("rt") === "embedded",
    platform: query.get("platform"),
    style,
  };
}
