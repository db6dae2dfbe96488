// What a person could see of the current document, as numbers. Runs inside the page by WebDriver; the last line of a
// call is added by audit.py: `return inspect.texts()` and the like.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// Any CSS colour as [red, green, blue, alpha], 0…255 and 0…1.
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = "#000";
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

function over(top, bottom) {
  const alpha = top[3];
  return [0, 1, 2].map((i) => top[i] * alpha + bottom[i] * (1 - alpha)).concat(1);
}

function luminance(colour) {
  const [red, green, blue] = colour.slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// WCAG's contrast ratio, 1…21.
function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

// The colours of a gradient, each as a colour of its own; null for a picture that covers what is behind the text.
function painted(style) {
  const image = style.backgroundImage;
  if (image === "none") return [];
  const isMark = style.backgroundRepeat === "no-repeat" && !/cover|contain|100%/.test(style.backgroundSize);
  if (image.includes("url(")) return isMark ? [] : null;
  return image.match(/(?:rgba?|hsla?|color|oklch|oklab|lab|lch)\([^()]*\)|#[0-9a-f]{3,8}/gi) ?? null;
}

// All the colours that can be behind an element, or null where that cannot be told.
function backdrops(element) {
  const layers = [];
  let found = [rgba(getComputedStyle(document.documentElement).colorScheme === "dark" ? "#121212" : "#fff")];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    const stops = painted(style);
    if (stops === null) return null;
    if (stops.length > 0) {
      found = stops.map(rgba).map((stop) => over(stop, [255, 255, 255, 1]));
      break;
    }
    const colour = rgba(style.backgroundColor);
    if (colour[3] > 0.995) {
      found = [colour];
      break;
    }
    if (colour[3] > 0) layers.unshift(colour);
  }
  return found.map((colour) => layers.reduce((below, layer) => over(layer, below), colour));
}

function opacity(element) {
  let product = 1;
  for (let at = element; at; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
  return product;
}

const modal = () => document.querySelector(":modal");

function isLive(element) {
  const open = modal();
  if (open && !open.contains(element)) return false;
  return !element.closest("[inert]") && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
}

// Hidden from eyes alone, for screen readers: a box of a pixel.
function isForReadersOnly(element) {
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    const box = at.getBoundingClientRect();
    if (getComputedStyle(at).overflow !== "visible" && box.width <= 2 && box.height <= 2) return true;
    if (/^rect\(/.test(getComputedStyle(at).clip)) return true;
  }
  return false;
}

function judged(element, text, colour) {
  const behind = backdrops(element);
  const shown = text.trim().replace(/\s+/g, " ").slice(0, 60);
  const place = describe(element);
  if (behind === null) return { text: shown, place, ratio: 0, why: "a picture is behind it" };
  const ink = rgba(colour);
  ink[3] *= opacity(element);
  const ratio = Math.min(...behind.map((back) => contrast(over(ink, back), back)));
  return { text: shown, place, ratio: Math.round(ratio * 100) / 100, why: `${colour} on ${behind.join(" / ")}` };
}

function describe(element) {
  const marks = ["id", "data-screen", "data-action", "data-field", "name", "class"];
  const mark = marks.find((one) => element.getAttribute(one));
  return element.localName + (mark ? `[${mark}=${element.getAttribute(mark)}]` : "");
}

const inspect = {
  // Each text that can be seen, with the lowest contrast it can have to what is behind it.
  texts() {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT", "OPTION"].includes(element.tagName)) continue;
      if (!isLive(element) || isForReadersOnly(element)) continue;
      const style = getComputedStyle(element);
      if (element.namespaceURI.endsWith("svg")) found.push(judged(element, node.data, style.fill));
      else found.push(judged(element, node.data, style.webkitTextFillColor || style.color));
    }
    for (const field of document.querySelectorAll("input, textarea, select")) {
      if (!isLive(field) || isForReadersOnly(field)) continue;
      if (["checkbox", "radio", "hidden"].includes(field.type)) continue;
      const value = field.localName === "select" ? field.selectedOptions[0]?.text : field.value;
      if (value) found.push(judged(field, field.type === "password" ? "•••" : value, getComputedStyle(field).color));
      else if (field.placeholder) {
        const style = getComputedStyle(field, "::placeholder");
        const [red, green, blue, alpha] = rgba(style.color);
        const ink = `rgba(${red}, ${green}, ${blue}, ${alpha * Number(style.opacity)})`;
        found.push(judged(field, field.placeholder, ink));
      }
    }
    return found;
  },

  // What sticks out to the side at the present width.
  overflow() {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")].filter((one) => {
      if (!isLive(one) || isForReadersOnly(one)) return false;
      const box = one.getBoundingClientRect();
      return box.width > 0 && (box.right > width + 1 || box.left < -1) && !clipper(one, width);
    });
    const page = document.scrollingElement;
    return { scrolls: page.scrollWidth > page.clientWidth, wide: wide.slice(0, 5).map(describe) };
  },

  // The controls that Tab should reach, in the order of the document. Of a group of radio buttons it reaches one.
  stops() {
    const wanted = "a[href], button, input, select, textarea, summary, [tabindex]";
    const groups = new Set();
    return [...document.querySelectorAll(wanted)].filter((one) => {
      if (one.tabIndex < 0 || one.disabled || one.type === "hidden" || !isLive(one)) return false;
      if (one.type !== "radio" || !one.name) return true;
      const group = [...document.getElementsByName(one.name)].filter((each) => each.type === "radio");
      const reached = group.find((each) => each.checked) ?? one;
      if (groups.has(one.name) || one !== reached) return false;
      groups.add(one.name);
      return true;
    });
  },

  // How large what is pressed is: the control or its label.
  sizes(elements) {
    return elements.map((element) => {
      // A scrolling region takes the focus and is not pressed; a link inside a sentence is as high as its line.
      const isPressed = element.matches("a, button, input, select, textarea, summary, [role]:not([role=region])");
      const isInline = getComputedStyle(element).display === "inline" && element.localName === "a";
      const boxes = [element, ...(element.labels ?? [])].map((one) => one.getBoundingClientRect());
      const box = boxes.reduce((large, one) => (one.width * one.height > large.width * large.height ? one : large));
      const isTarget = isPressed && !isInline;
      return { place: describe(element), width: box.width, height: box.height, isTarget };
    });
  },

  // How an element and what may show its focus for it are drawn.
  looks(element) {
    return [element, element.closest("label"), element.labels?.[0], element.parentElement]
      .filter((one) => one)
      .map((one) => {
        const style = getComputedStyle(one);
        const outline = style.outlineStyle === "none" ? "none" : `${style.outlineStyle} ${style.outlineWidth}`;
        const edge = ["Top", "Right", "Bottom", "Left"].map((side) => style[`border${side}Color`]).join();
        return [outline, style.outlineColor, style.boxShadow, edge, style.backgroundColor, style.textDecorationLine];
      });
  },

  // Where the focus is, and how it shows against how the element looked without it.
  focus(before, stops, previous, isForward) {
    const element = document.activeElement;
    if (!document.hasFocus() || element === document.body || element === document.documentElement) return null;
    const index = stops.indexOf(element);
    const box = element.getBoundingClientRect();
    const report = { index, place: describe(element), isSeen: true, indicator: "", goesBack: false };
    report.isSeen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    if (index >= 0) report.indicator = difference(before[index], inspect.looks(element), element);
    if (previous >= 0) {
      const other = stops[previous].getBoundingClientRect();
      const [last, next] = isForward ? [other, box] : [box, other];
      const isAbove = next.bottom <= last.top && next.left < last.right;
      const isLeftInRow = next.right <= last.left && next.top < last.bottom && next.bottom > last.top;
      report.goesBack = isAbove || isLeftInRow;
    }
    return report;
  },

  // Where the screen put the focus when it came.
  landed() {
    const element = document.activeElement;
    if (!document.hasFocus() || !element || element === document.body) return null;
    return { place: describe(element), level: element.localName, isLive: isLive(element) };
  },
};

// The nearest ancestor that clips or scrolls to the side and itself fits.
function clipper(element, width) {
  for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
    if (getComputedStyle(at).overflowX !== "visible") return at.getBoundingClientRect().right <= width + 1;
  }
  return false;
}

// Says what is wrong with how focus shows, or nothing.
function difference(before, after, element) {
  for (let i = 0; i < after.length; i += 1) {
    const [was, is] = [before[i], after[i]];
    if (!was || is.every((value, part) => value === was[part])) continue;
    const hasOutline = is[0] !== was[0] && is[0] !== "none" && !is[0].endsWith(" 0px");
    if (hasOutline && is[0].startsWith("auto")) return "";
    const ring = hasOutline ? is[1] : is[2] !== was[2] ? (is[2].match(/\w+\([^)]*\)/) ?? [null])[0] : null;
    const line = ring ?? (is[3] !== was[3] ? is[3].split(/,(?![^(]*\))/)[0] : null);
    if (line === null) {
      if (is[4] !== was[4] && contrast(rgba(is[4]), rgba(was[4])) >= 3) return "";
      continue;
    }
    const behind = backdrops(element.parentElement);
    const ratio = behind === null ? 0 : Math.min(...behind.map((back) => contrast(over(rgba(line), back), back)));
    if (ratio >= 3) return "";
    return `its focus ring ${line} has a contrast of ${ratio.toFixed(2)}`;
  }
  return "its focus does not show";
}
