// Elements without a template language: text always goes in as text, so nothing that a server, a merchant or a URL
// says can become markup.

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Makes an element. An attribute whose name begins with `on` is a listener, `true` is an attribute without a value, and
 * null, undefined and `false` are no attribute. Children are nodes, strings, or nothing.
 */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG, whose elements live in a namespace of their own. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets custom properties: the policy forbids style attributes, but not what script sets on an element. */
export function withProperties(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
  return element;
}

let lastId = 0;

/** An id for a label, a hint or an error to be pointed at by. */
export const uniqueId = (prefix) => `${prefix}-${++lastId}`;
