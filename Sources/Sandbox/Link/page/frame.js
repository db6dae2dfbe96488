// The frame around every screen: the merchant, back and close, the place for the screen, the voice for screen readers,
// and the question before a transfer is left.

import { el, uniqueId } from "./dom.js";
import { merchantMark } from "./icons.js";
import { button, iconButton } from "./parts.js";

export class Frame {
  constructor(root, t, { onBack, onClose }) {
    this.t = t;
    this.root = root;
    this.backButton = iconButton("back", t("back"), onBack, { hidden: true });
    this.closeButton = iconButton("close", t("close"), onClose);
    this.brand = el("div", { class: "brand" });
    this.main = el("main", { class: "screen" });
    this.voice = el("div", { class: "unseen", role: "status", "aria-live": "polite" });
    root.replaceChildren(
      el("header", { class: "bar" }, this.backButton, this.brand, this.closeButton), this.main,
      el("footer", { class: "foot" }, t("sandboxNote")), this.voice);
    this.dispose = null;
    this.isFirst = true;
  }

  /** Whose page this is. */
  setMerchant(merchant) {
    const { name } = merchant;
    this.brand.replaceChildren(merchantMark(merchant), el("div", { class: "brand-text" },
      el("span", { class: "brand-name", title: name }, name), el("span", { class: "tag" }, this.t("sandbox"))));
  }

  /**
   * Shows a screen: `{ title, lead, top, hero, body, actions, dispose, onSubmit }`. Its heading gets the focus, so
   * that a keyboard and a screen reader begin where the eye does; only the first screen of an embedded page leaves the
   * focus with its host.
   */
  show(screen, { canGoBack, canClose = true, keepsFocus = false }) {
    this.dispose?.();
    this.dispose = screen.dispose ?? null;
    const heading = el("h1", { tabindex: "-1", id: uniqueId("heading") }, screen.title);
    const content = [
      el("div", { class: `content ${screen.style ?? ""}` }, screen.top,
        el("div", { class: "heads" }, heading, screen.lead ? el("p", { class: "lead" }, screen.lead) : null),
        screen.hero, screen.body),
      screen.actions?.length ? el("div", { class: "actions" }, screen.actions) : null,
    ];
    const form = screen.onSubmit
      ? el("form", { class: "fill", novalidate: true, "aria-labelledby": heading.id, onsubmit: (event) => {
          event.preventDefault();
          screen.onSubmit();
        } }, content)
      : el("div", { class: "fill" }, content);
    this.main.replaceChildren(form);
    this.main.scrollTop = 0;
    this.backButton.hidden = !canGoBack;
    this.closeButton.hidden = !canClose;
    this.root.removeAttribute("aria-busy");
    document.title = screen.title;
    if (!keepsFocus) heading.focus({ preventScroll: true });
  }

  /** Says something to screen readers without showing it. */
  announce(text) {
    this.voice.textContent = "";
    // Two equal texts in a row are read twice only if the region was empty in between.
    requestAnimationFrame(() => { this.voice.textContent = text; });
  }

  /** Asks whether to do something that cannot be undone. Resolves to the answer; Escape says no. */
  ask({ title, text, yes, no }) {
    return new Promise((resolve) => {
      const [titleId, textId] = [uniqueId("title"), uniqueId("text")];
      const stay = button(no, "primary", () => dialog.close("no"));
      const dialog = el("dialog", { class: "dialog", "aria-labelledby": titleId, "aria-describedby": textId,
        onclose: () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        } },
        el("h2", { id: titleId }, title), el("p", { id: textId }, text),
        el("div", { class: "actions" }, stay, button(yes, "secondary", () => dialog.close("yes"))));
      this.root.append(dialog);
      dialog.showModal();
      // Not by `autofocus`, which browsers refuse in a frame of another origin.
      stay.focus();
    });
  }
}
