// The page's words in the chosen language. English is part of the page; the others are loaded when they are wanted.

import english from "./text-en.js";

const loaders = {
  de: () => import("./text-de.js"),
  es: () => import("./text-es.js"),
  fr: () => import("./text-fr.js"),
  ja: () => import("./text-ja.js"),
  pt: () => import("./text-pt.js"),
};

/** The words of a language; English where the file does not arrive, for a page in English is better than none. */
export async function loadWords(language) {
  try {
    return Object.hasOwn(loaders, language) ? (await loaders[language]()).default : english;
  } catch {
    return english;
  }
}

/** A function that looks up a text and puts values in the place of its `{names}`. */
export function translator(words) {
  return (key, values = {}) => {
    const text = words[key] ?? english[key];
    if (text === undefined) throw new RangeError(`no text ${key}`);
    return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
  };
}
