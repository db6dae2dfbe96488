// Where the person is in the journey: a stack of screens for the back button, the facts gathered so far, and what is
// told to the host. No browser history: an embedded page must not change what its host's back button does.

import { CallError } from "./api.js";
import { el } from "./dom.js";
import { sessionSummary } from "./messages.js";
import { reasonKey } from "./reasons.js";
import { closed, expired, originNotAllowed, problemOf, used } from "./screens-problem.js";

export class Flow {
  constructor({ frame, host, api, t, formats, address }) {
    Object.assign(this, { frame, host, api, t, formats, address });
    this.stack = [];
    /** What is known by now: session, integrations, integration, account, holdings, holding, network, preview … */
    this.facts = {};
    this.isBusy = false;
    this.isOver = false;
    this.page = "startPage";
    this.isAsking = false;
    this.hasShown = false;
  }

  /** Goes on to a screen: a function of the flow and its input that makes one. Not while a button's work is done. */
  go(screen, input) {
    if (this.isOver || this.isBusy) return;
    this.stack.push({ screen, input });
    this.#render();
  }

  /** Goes on, and never back to what was shown. */
  replace(screen, input) {
    if (this.isBusy) return;
    this.stack.pop();
    this.go(screen, input);
  }

  /** Goes on with nothing to go back to. */
  restart(screen, input) {
    this.stack = [];
    this.go(screen, input);
  }

  back() {
    if (this.isBusy || this.isOver || this.stack.length < 2) return;
    this.stack.pop();
    this.#render();
  }

  #render() {
    const { screen, input } = this.stack.at(-1);
    const made = screen(this, input);
    this.page = made.page ?? this.page;
    this.shown = made;
    this.frame.show(made, {
      canGoBack: this.stack.length > 1 && !made.isFinal,
      canClose: !made.isLast,
      keepsFocus: !this.hasShown && this.host.isEmbedded && this.address.isEmbedded,
    });
    this.hasShown = true;
  }

  /** An event of the SDK's list. */
  event(type, payload) {
    this.host.send(type, payload);
  }

  call(name, body) {
    return this.api.call(name, body);
  }

  /**
   * Does the work of a button: it shows that it is busy, and nothing else goes on until it is done. The work answers
   * with what comes next, a function. Failures that end the session go to their screen, others to
   * `onFailure(text, error)`.
   */
  async run(control, work, onFailure) {
    if (this.isBusy || this.isOver) return;
    this.#setBusy(control, true);
    let next = null;
    try {
      next = await work();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      next = () => this.#endsSession(error) || onFailure(this.t(reasonKey(error.code)), error);
    } finally {
      this.#setBusy(control, false);
    }
    if (!this.isOver) next?.();
  }

  // The button keeps the focus: one that were disabled would lose it.
  #setBusy(control, isBusy) {
    this.isBusy = isBusy;
    control.setAttribute("aria-disabled", String(isBusy));
    control.classList.toggle("busy", isBusy);
    if (isBusy) this.frame.announce(this.t("loading"));
  }

  /**
   * Shows that something is being fetched, and then what the work answers with, a function. What cannot be reached can
   * be tried again; who goes back meanwhile has left it.
   */
  async load(title, work) {
    const waiting = () => ({ title, body: el("div", { class: "spinner" }) });
    const isLeft = () => this.isOver || this.stack.at(-1)?.screen !== waiting;
    this.go(waiting);
    let next;
    try {
      next = await work();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const again = () => this.retry(title, work);
      next = () => this.#endsSession(error) || this.go(problemOf(error), { error, retry: again });
    }
    if (isLeft()) return;
    this.stack.pop();
    next?.();
  }

  /** A failure outside of a button and of a loading screen: of a renewed quote, for one. */
  settleFailure(error, show) {
    if (!(error instanceof CallError)) throw error;
    if (!this.#endsSession(error)) show(this.t(reasonKey(error.code)));
  }

  retry(title, work) {
    this.stack.pop();
    this.load(title, work);
  }

  /** Whether the failure is one that no further call can mend; then its screen is shown. */
  #endsSession(error) {
    const screen = { session: expired, expired, used, originNotAllowed }[error.code];
    if (!screen) return false;
    this.restart(screen, error);
    return true;
  }

  get isUnderWay() {
    return Boolean(this.facts.account || this.facts.isManual) && !this.shown?.isFinal && !this.shown?.isProblem;
  }

  /** The close button, or the host's `closeRequested`: asks first if something would be lost. */
  async requestClose() {
    if (this.isOver || this.isAsking) return;
    if (this.isUnderWay) {
      this.isAsking = true;
      const t = this.t;
      const agrees = await this.frame.ask({
        title: t("leaveTitle"), text: t(this.isBusy ? "leaveBusy" : "leaveText"), yes: t("leaveYes"), no: t("leaveNo"),
      });
      this.isAsking = false;
      if (!agrees) return;
    }
    this.finish(this.shown?.isFinal && !this.shown.isProblem ? "done" : "close");
  }

  /** Ends the session: `done` when the journey came to its end, `close` when it was left. */
  finish(type) {
    if (this.isOver) return;
    this.event(type, sessionSummary(this.page, this.facts, this.shown?.errorMessage));
    if (this.api.sessionKey) this.call("close").catch(() => {});
    this.stack = [];
    this.go(closed);
    this.isOver = true;
  }
}
