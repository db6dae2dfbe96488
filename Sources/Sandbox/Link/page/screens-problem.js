// The screens of what went wrong, and the one that is left when the session is over.

import { mark, stamp } from "./icons.js";
import { button, details, facts } from "./parts.js";
import { reasonKey } from "./reasons.js";

/** A screen with nothing to do but to leave: the merchant has to make a new link. */
function deadEnd(titleKey, textKey, kind = "bad") {
  return (flow, error) => ({
    page: "errorPage",
    style: "centred",
    isFinal: true,
    isProblem: true,
    errorMessage: error?.message,
    top: stamp(kind),
    title: flow.t(titleKey),
    lead: flow.t(textKey),
    actions: [button(flow.t("close"), "primary", () => flow.finish("close"))],
  });
}

export const used = deadEnd("usedTitle", "usedText", "wait");
export const expired = deadEnd("expiredTitle", "expiredText", "wait");
export const unknown = deadEnd("unknownTitle", "unknownText");
export const originNotAllowed = deadEnd("originTitle", "originText");

/** No answer from the server. `retry` does again what failed. */
export function unreachable(flow, { error, retry }) {
  return {
    page: "errorPage",
    style: "centred",
    isProblem: true,
    errorMessage: error.message,
    top: stamp("bad"),
    title: flow.t("unreachableTitle"),
    lead: flow.t("unreachableText"),
    actions: [button(flow.t("retry"), "primary", retry)],
  };
}

/** A failure with a reason that trying again may mend or not. */
function failed(flow, { error, retry }) {
  return {
    ...unreachable(flow, { error, retry }),
    title: flow.t("failedLoadTitle"),
    lead: flow.t(reasonKey(error.code)),
    body: technicalDetails(flow, error),
  };
}

export const problemOf = (error) => (["unreachable", "unavailable"].includes(error.code) ? unreachable : failed);

/** An exchange or a wallet that does not work now. */
export function integrationDown(flow, { integration, retry }) {
  const t = flow.t;
  return {
    page: "errorPage",
    style: "centred",
    top: mark(integration.name),
    title: t("downTitle", { name: integration.name }),
    lead: t("downText", { name: integration.name }),
    actions: [
      retry ? button(t("retry"), "primary", retry) : null,
      flow.stack.length > 1 ? button(t("chooseOther"), retry ? "secondary" : "primary", () => flow.back()) : null,
    ],
  };
}

/** What a developer wants to know of a failure, folded away. */
export function technicalDetails(flow, { code, message, requestId }) {
  return details(flow.t("whatHappened"), facts([
    [flow.t("errorCodeLabel"), code, "plain-value"],
    [flow.t("errorMessageLabel"), message, "plain-value"],
    [flow.t("requestIdLabel"), requestId, "plain-value"],
  ]), (event) => {
    if (event.target.open) flow.event("seeWhatHappenedClicked");
  });
}

/** After the end. The host takes the page away; opened by itself it stays. */
export function closed(flow) {
  return {
    page: "closedPage",
    style: "centred",
    isLast: true,
    isFinal: true,
    top: stamp("good"),
    title: flow.t("closedTitle"),
    lead: flow.t("closedText"),
  };
}
