// What the console's pages do besides being read: buttons that copy identifiers, and parts that keep themselves fresh.
// Without this file every page and every form works as well.

const PAUSE_MS = 3000;

function offerCopies(root) {
  // Browsers have no clipboard for pages of plain HTTP, but on loopback.
  if (!navigator.clipboard) return;
  for (const code of root.querySelectorAll("code[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.textContent}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    code.after(button);
  }
}

// Takes the new state of what is live, but for a part that holds the focus or that a person selects text in.
function takeOver(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    const selection = document.getSelection();
    const isSelected = !selection.isCollapsed && part.contains(selection.anchorNode);
    if (!next || part.contains(document.activeElement) || isSelected) continue;
    const opened = [...part.querySelectorAll("details")].map((one) => one.open);
    const count = opened.length;
    const details = next.querySelectorAll("details");
    // The newest stands first: what was open stays open.
    if (count > 0) details.forEach((one, at) => {
      const before = opened[at - (details.length - count)];
      if (before !== undefined) one.open = before;
    });
    offerCopies(next);
    if (part.innerHTML !== next.innerHTML) part.replaceChildren(...next.childNodes);
  }
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { "X-Console-Live": "1" }, redirect: "error" });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!isPaused) takeOver(fresh);
  return true;
}

let isPaused = false;

// What moves by itself can be stopped.
function offerPause() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Pause updates";
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? "Resume updates" : "Pause updates";
  });
  document.querySelector(".who").prepend(button);
}

async function stayFresh() {
  offerPause();
  // A page whose session ended, or whose server is away, stays as it is.
  for (let failures = 0; failures < 10;) {
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    if (document.hidden || isPaused) continue;
    failures = (await refresh().catch(() => false)) ? 0 : failures + 1;
  }
}

offerCopies(document);
if (document.querySelector("[data-live]")) stayFresh();
