// From the confirmation to the outcome: the exchange's second factor or the wallet's window, and the one call that
// moves the money.

import { el } from "./dom.js";
import { button, errorPlace, facts, short } from "./parts.js";
import { failure, transferFinished, transferInitiated } from "./messages.js";
import { codeField, place } from "./screens-login.js";
import { declined, walletWindow } from "./screens-wallet.js";
import { quoteAgain } from "./screens-preview.js";
import { executed, kyc, transferFailed } from "./screens-result.js";

const quoteIsOver = (error) => ["PreviewExpired", "PreviewNotFound"].includes(error.code);

/** The button of the quote. A wallet asks in its own window first; an exchange may ask for a code in its answer. */
export function confirmTransfer(flow, control, quote, show) {
  if (flow.facts.account.kind === "wallet") {
    flow.go(walletTransfer);
    return;
  }
  execute(flow, control, {}, (text, error) => {
    if (quoteIsOver(error)) quote.renew();
    show(text);
  });
}

/**
 * Makes the transfer. A second call with the same quote is safe: it moves money once, and says `TransferIsRequested`
 * otherwise. What can be mended on the screen goes to `onFailure`, the rest has a screen of its own.
 */
function execute(flow, control, extra, onFailure) {
  const quoted = flow.facts.preview;
  if (quoted.funding?.length > 0 && !extra.mfaCode) flow.event("executeFundingStep");
  flow.run(control, async () => {
    const outcome = await flow.call("execute", { previewId: quoted.previewId, ...extra });
    return () => afterExecute(flow, outcome);
  }, (text, error) => {
    if (["unreachable", "unavailable"].includes(error.code)) onFailure(flow.t("errorUnsure"), error);
    else if (error.code === "wrongCode" || quoteIsOver(error)) onFailure(text, error);
    else if (error.code === "KycRequired") askForIdentity(flow);
    else fail(flow, error);
  });
}

/**
 * A session makes one transfer. If there was one (`isMade`), nothing is left to do in it; else it was refused before
 * anything moved, and another quote may do better.
 */
function fail(flow, { code, message, requestId }, isMade = false) {
  const isSpent = isMade || code === "TransferIsRequested";
  flow.event("transferExecutionError", failure(message ?? code, requestId));
  const retry = flow.facts.preview && !isSpent ? () => quoteAgain(flow) : null;
  flow.go(transferFailed, { code, message, requestId, isSpent, retry });
}

function askForIdentity(flow) {
  flow.event("transferKycRequired");
  flow.go(kyc);
}

/** What an execution, or the sandbox's "I have sent it", came to. */
export function afterExecute(flow, outcome) {
  const { status, transfer } = outcome;
  if (status === "mfaRequired") {
    flow.event("transferMfaRequired");
    flow.go(transferMfa);
  } else if (status === "kycRequired") {
    askForIdentity(flow);
  } else if (status === "failed" || !transfer) {
    const { errorCode: code = "failed", errorMessage: message = "The transfer failed" } = outcome;
    fail(flow, { code, message }, Boolean(transfer));
  } else {
    flow.facts.transfer = transfer;
    flow.event("transferInitiated", transferInitiated(flow.facts.integration ?? { name: "Manual" }));
    flow.host.send("transferFinished", transferFinished(status, transfer));
    flow.restart(executed, { status });
  }
}

function transferMfa(flow) {
  const t = flow.t;
  const quoted = flow.facts.preview;
  const code = codeField(t);
  const submit = button(t("confirm"), "primary", null, { type: "submit" });
  return {
    page: "transferMfaPage",
    top: place(flow),
    title: t("transferMfaTitle"),
    lead: t("transferMfaLead", { name: flow.facts.integration.name,
      amount: flow.formats.token(quoted.amount, quoted.symbol) }),
    body: [code.node],
    actions: [submit],
    onSubmit: () => {
      const value = code.input.value.trim();
      code.setError(value ? null : t("errorMissing"));
      if (!value) return;
      flow.event("transferMfaEntered");
      execute(flow, submit, { mfaCode: value }, (text, error) => {
        if (quoteIsOver(error)) {
          quoteAgain(flow, text);
          return;
        }
        code.setError(text);
        code.input.select();
      });
    },
  };
}

/** What a wallet would show before it signs a transaction. */
function walletTransfer(flow) {
  const { t, formats } = flow;
  const { integration, preview: quoted, account } = flow.facts;
  const errors = errorPlace();
  const approve = button(t("approve"), "primary", () => {
    errors.show();
    execute(flow, approve, {}, (text, error) => {
      if (quoteIsOver(error)) quoteAgain(flow, text);
      else errors.show(text);
    });
  });
  return {
    page: "transferPreviewPage",
    title: t("walletConfirmTitle", { name: integration.name }),
    lead: t("walletConfirmLead"),
    body: [errors.node, walletWindow(flow, el("p", {}, t("walletSends")), facts([
      [t("amount"), formats.token(quoted.amount, quoted.symbol), "total"],
      [t("from"), short(quoted.fromAddress ?? account.address ?? "")],
      [t("to"), short(quoted.toAddress)],
      [t("network"), quoted.networkName],
      [t("networkFee"), quoted.networkFee ? formats.token(quoted.networkFee.fee, quoted.networkFee.feeCurrency) : null],
    ]))],
    actions: [approve, button(t("decline"), "secondary", () => {
      flow.event("transferDeclined", { integrationName: integration.name });
      flow.replace(declined, { title: t("declinedTransferTitle"), text: t("declinedTransferText") });
    })],
  };
}
