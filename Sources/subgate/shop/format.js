// How exchanges are shown to people: texts in, texts and elements out.

/** JSON indented, without parsing its numbers: 12.50 stays 12.50. Anything else comes back as it is. */
export function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let out = "";
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (inString) {
      out += c;
      if (c === "\\") out += text[(i += 1)];
      else if (c === '"') inString = false;
    } else if (c === '"') {
      inString = true;
      out += c;
    } else if (c === "{" || c === "[") {
      const isEmpty = /^\s*[}\]]/.test(text.slice(i + 1));
      depth += 1;
      out += isEmpty ? c : c + "\n" + "  ".repeat(depth);
    } else if (c === "}" || c === "]") {
      depth -= 1;
      out += /[{[]$/.test(out) ? c : "\n" + "  ".repeat(depth) + c;
    } else if (c === ",") {
      out += c + "\n" + "  ".repeat(depth);
    } else if (c === ":") {
      out += ": ";
    } else if (!/\s/.test(c)) {
      out += c;
    }
  }
  return out;
}

/** The long texts of a JSON text cut: a link token says nothing to a reader. */
export function shortened(text) {
  return text.replace(/"([A-Za-z0-9+/=_-]{80,})"/g, (_, long) => `"${long.slice(0, 24)}… (${long.length} characters)"`);
}

/** The time of day to the millisecond, in the reader's time zone. */
export function timeOfDay(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return "";
  const two = (n) => String(n).padStart(2, "0");
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A titled block of fixed-width text, which a keyboard can scroll. */
export function block(title, text) {
  const section = element("section");
  const pre = element("pre", "", text);
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", title);
  section.append(element("h4", "", title), pre);
  return section;
}

export function headerLines(headers) {
  return headers.map((header) => `${header.name}: ${header.value}`).join("\n");
}
