// Around the polled piece of a page: says aloud what changed, and says when the server cannot be reached.
const announcer = document.getElementById("announcer");
const offline = document.getElementById("offline");
const words = () => [...(document.querySelector("[data-announce]")?.children ?? [])]
  .map((node) => node.textContent.trim()).filter(Boolean).join(". ");
let said = words();

function announce() {
  if (words() && words() !== said) announcer.textContent = said = words();
}

function reachable(yes) {
  offline.hidden = yes;
}

document.addEventListener("htmx:afterSwap", announce);
document.addEventListener("htmx:sendError", () => reachable(false));
document.addEventListener("htmx:timeout", () => reachable(false));
document.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.xhr.status) reachable(true); });
window.addEventListener("offline", () => reachable(false));
