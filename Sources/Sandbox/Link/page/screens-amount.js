// How much: in the display currency or in the asset, with the other beneath it while typing.

import { divide, isDecimal, isZero, multiply, typed } from "./decimals.js";
import { el, uniqueId } from "./dom.js";
import { icon, mark } from "./icons.js";
import { button, facts } from "./parts.js";
import { judgeAmount, minimum } from "./choices.js";
import { askForQuote } from "./screens-preview.js";

const problems = { missing: "errorMissing", form: "amountForm", zero: "amountZero", tooLow: "amountTooLow",
  tooHigh: "amountTooHigh" };

export function amount(flow) {
  const { t, formats } = flow;
  const { holding, network, session } = flow.facts;
  const hasPrice = isDecimal(holding.price) && !isZero(holding.price);
  const least = minimum(session, holding, network);
  // An asset that is topped up by a conversion is not limited by what is held of it.
  const most = holding.eligibleWithFunding && session.fundingEnabled ? network.maximumAmount : smallest(
    holding.amount, network.maximumAmount);
  let unit = hasPrice ? "fiat" : "token";
  const [inputId, errorId, otherId] = ["amount", "error", "other"].map(uniqueId);
  const label = el("label", { for: inputId, class: "unseen" });
  const sign = el("span", { class: "amount-unit", "aria-hidden": "true" });
  const input = el("input", { id: inputId, class: "amount-input", inputmode: "decimal", autocomplete: "off",
    placeholder: "0", maxlength: "32", "aria-describedby": `${otherId} ${errorId}`, oninput: () => refresh() });
  const other = el("p", { class: "amount-sub", id: otherId });
  const error = el("p", { class: "field-error", id: errorId, role: "alert" });
  const submit = button(t("continue"), "primary", null, { type: "submit" });

  const refresh = () => {
    label.textContent = t("amountIn", { unit: unit === "fiat" ? formats.currency : holding.symbol });
    sign.textContent = unit === "fiat" ? formats.currency : holding.symbol;
    error.textContent = "";
    input.removeAttribute("aria-invalid");
    input.style.setProperty("--length", String(Math.max(1, Math.min(input.value.length, 14))));
    other.textContent = equivalent(flow, input.value, unit, holding);
  };
  const turn = () => {
    const value = typed(input.value, unit === "fiat" ? 2 : 18);
    const turned = value && converted(flow, value, unit, holding);
    unit = unit === "fiat" ? "token" : "fiat";
    input.value = turned ? turned : "";
    refresh();
    input.focus();
  };
  const complain = (text) => {
    error.textContent = text;
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  refresh();
  return {
    page: "transferAmountSelectionPage",
    title: t("amountTitle"),
    lead: t("amountLead", { merchant: session.merchant.name, symbol: holding.symbol, network: network.name }),
    body: [
      el("div", { class: "amount-entry" }, label, el("div", { class: "amount-line" }, input, sign), other, error,
        hasPrice ? el("button", { type: "button", class: "button small secondary", onclick: turn }, icon("swap"),
          t("switchUnit")) : null),
      el("div", { class: "card" }, mark(holding.symbol, "round"), facts([
        [t("available"), formats.balance(holding.amount, holding.symbol)],
        [t("minimum"), least.amount ? formats.token(least.amount, holding.symbol)
          : least.amountInFiat ? formats.money(least.amountInFiat) : null],
        [t("maximum"), isDecimal(network.maximumAmount) ? formats.token(network.maximumAmount, holding.symbol) : null],
      ])),
      !holding.eligible && holding.eligibleWithFunding ? el("p", { class: "hint" }, t("byConversion")) : null,
    ],
    actions: [submit],
    onSubmit: () => {
      const judged = judgeAmount(input.value, { unit, price: holding.price, least, most,
        toDollars: (value) => formats.toDollars(value) });
      if (judged.problem) {
        complain(t(problems[judged.problem]));
        return;
      }
      flow.event("transferAmountEntered");
      askForQuote(flow, judged.request);
    },
  };
}

function smallest(...amounts) {
  return amounts.filter(isDecimal).reduce((best, amount) =>
    (best === null || Number(amount) < Number(best) ? amount : best), null);
}

function equivalent(flow, text, unit, holding) {
  const value = typed(text, unit === "fiat" ? 2 : 18);
  if (value === null || !isDecimal(holding.price)) return "\u00a0";
  if (unit === "token") return flow.formats.money(multiply(value, holding.price));
  const tokens = divide(flow.formats.toDollars(value), holding.price, 8);
  return tokens === null ? "\u00a0" : `≈\u00a0${flow.formats.token(tokens, holding.symbol)}`;
}

/** The value for the field after its unit was switched: near enough, and the person sees it before going on. */
function converted(flow, value, unit, holding) {
  if (unit === "fiat") return divide(flow.formats.toDollars(value), holding.price, 8);
  return flow.formats.fromDollars(multiply(value, holding.price));
}
