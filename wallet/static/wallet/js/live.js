// Around the polled piece of a page: its title, what changed said aloud once, and when the server cannot be reached.
const announcer = document.getElementById("announcer");
const offline = document.getElementById("offline");

// What may be said aloud, by the moment it belongs to: named by the server, else by its own words.
function words() {
  const pieces = [...document.querySelectorAll("[data-announce]")].map((piece) => {
    const text = [...piece.children].map((node) => node.textContent.trim()).filter(Boolean).join(". ");
    return [piece.dataset.announce || text, text];
  });
  return new Map(pieces.filter(([, text]) => text));
}
let said = new Set(words().keys());

function announce() {
  const now = words();
  const news = [...now].filter(([moment]) => !said.has(moment)).map(([, text]) => text);
  if (news.length) announcer.textContent = news.join(". ");
  said = new Set(now.keys());
}

function entitle() {
  const { title } = document.querySelector("[data-title]")?.dataset ?? {};
  if (title) document.title = title;
}

function reachable(yes) {
  offline.hidden = yes;
}

document.addEventListener("htmx:afterSwap", () => { entitle(); announce(); });
document.addEventListener("htmx:sendError", () => reachable(false));
document.addEventListener("htmx:timeout", () => reachable(false));
document.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.xhr.status) reachable(true); });
window.addEventListener("offline", () => reachable(false));
