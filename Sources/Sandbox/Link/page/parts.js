// The parts that screens are made of. Every control has a name, every field a label, every error a place.

import { el, uniqueId } from "./dom.js";
import { icon } from "./icons.js";
import { shortened } from "./formats.js";

/** A button. `kind` is `primary`, `secondary` or `quiet`. */
export function button(label, kind, onclick, attributes = {}) {
  return el("button", { type: "button", class: `button ${kind}`, onclick, ...attributes }, label);
}

export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, onclick, ...attributes },
    icon(name));
}

/** A note in a box: `info`, `good`, `warning` or `error`. An error is read out at once. */
export function notice(kind, ...children) {
  return el("div", { class: `notice ${kind}`, role: kind === "error" ? "alert" : null },
    icon(kind === "good" ? "check" : kind === "info" ? "shield" : "alert"), el("div", {}, ...children));
}

/** An empty place for errors of a form that `show` fills and empties. It is a live region from the start. */
export function errorPlace() {
  const place = el("div", { class: "error-place", role: "alert" });
  return {
    node: place,
    show(...children) {
      place.replaceChildren(...(children.length ? [el("div", { class: "notice error" }, icon("alert"),
        el("div", {}, ...children))] : []));
    },
  };
}

/** A labelled text field with a hint and a place for its error. */
export function field(label, { hint = null, after = null, ...attributes } = {}) {
  const [id, hintId, errorId] = ["field", "hint", "error"].map(uniqueId);
  const described = [hint ? hintId : null, errorId].filter(Boolean).join(" ");
  const input = el("input", {
    id, class: "input", type: "text", "aria-describedby": described, autocomplete: "off", autocapitalize: "none",
    spellcheck: "false", ...attributes,
  });
  const error = el("p", { class: "field-error", id: errorId, role: "alert" });
  const node = el("div", { class: "field" }, el("label", { for: id }, label),
    el("div", { class: "input-row" }, input, after), hint ? el("p", { class: "hint", id: hintId }, hint) : null, error);
  return {
    node, input,
    /** Shows an error under the field and goes there, or takes it away. */
    setError(text) {
      error.textContent = text ?? "";
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (text) input.focus();
    },
  };
}

/** Names and values. A row is `[name, value]` or `[name, value, class]`; rows without a value are left out. */
export function facts(rows) {
  return el("dl", { class: "facts" }, rows.filter((row) => row && row[1] !== null && row[1] !== undefined).map(
    ([name, value, style]) => el("div", { class: style ?? null }, el("dt", {}, name), el("dd", {}, value))));
}

/** Things to choose by a button each. An item: `{ mark, title, note, value, subvalue, onclick, disabled }`. */
export function options(label, items) {
  return el("ul", { class: "options", "aria-label": label }, items.map((item) => el("li", {}, option(item))));
}

function option({ mark, title, note, value, subvalue, onclick, disabled, attributes = {} }) {
  return el("button", { type: "button", class: "option", onclick, disabled, ...attributes },
    mark,
    el("span", { class: "option-text" }, el("span", { class: "option-title" }, title),
      note ? el("span", { class: "option-note" }, note) : null),
    value || subvalue
      ? el("span", { class: "option-value" }, value ? el("span", {}, value) : null,
          subvalue ? el("span", { class: "option-note" }, subvalue) : null)
      : null,
    disabled ? null : icon("next"));
}

/** Copies a text. Where the browser forbids it, the text is selected for the person to copy. */
async function copy(t, text, announce, source, onCopied) {
  try {
    await navigator.clipboard.writeText(text);
    onCopied();
    announce(t("copied"));
  } catch {
    if (source) getSelection().selectAllChildren(source);
    announce(t("copyByHand"));
  }
}

// How long a button says that it has copied.
const copiedMilliseconds = 2000;

/** A button that copies and says so in its own words. */
export function copyButton(t, text, label, announce, source) {
  const shown = el("span", {}, t("copy"));
  return el("button", { type: "button", class: "button small secondary", "aria-label": label,
    onclick: () => copy(t, text, announce, source, () => {
      shown.textContent = t("copied");
      setTimeout(() => { shown.textContent = t("copy"); }, copiedMilliseconds);
    }) }, icon("copy"), shown);
}

/** The same beside a value, where there is no room for words. */
export function copyIcon(t, text, label, announce) {
  const place = iconButton("copy", label, () => copy(t, text, announce, null, () => {
    place.replaceChildren(icon("check"));
    setTimeout(() => place.replaceChildren(icon("copy")), copiedMilliseconds);
  }));
  place.classList.add("small");
  return place;
}

/** An address or a hash in short, whole for those who point at it or have it read to them. */
export function short(text, head, tail) {
  const cut = shortened(text, head, tail);
  if (cut === text) return el("span", { class: "code" }, text);
  return el("span", { class: "code", title: text }, el("span", { "aria-hidden": "true" }, cut),
    el("span", { class: "unseen" }, text));
}

/** A heading's amount: large, and small beneath it what it comes to otherwise. */
export function amountBlock(amount, equivalent) {
  return el("p", { class: "amount" }, el("span", { class: "amount-main" }, amount),
    equivalent ? el("span", { class: "amount-sub" }, equivalent) : null);
}

/** A part that opens by its heading. */
export function details(summary, children, ontoggle) {
  return el("details", { class: "more", ontoggle }, el("summary", {}, summary, icon("next")),
    el("div", { class: "more-body" }, children));
}
