// Counts down by the server's clock: data-now says what it showed when that piece of the page was drawn.
let ahead = 0; // this device's clock minus the server's, in ms

function sync() {
  const stamped = document.querySelector("[data-now]");
  if (stamped) ahead = Date.now() - Number(stamped.dataset.now);
}

function clock(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function share({ from, until }, now) {
  const whole = Number(until) - Number(from);
  return whole > 0 ? Math.min(1, Math.max(0, (Number(until) - now) / whole)) : 0;
}

const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow" });

const painters = {
  "[data-until]": (node, now) => { node.textContent = clock(node.dataset.until - now); },
  "[data-ring-until]": (node, now) => {
    const left = share({ from: node.dataset.ringFrom, until: node.dataset.ringUntil }, now) * 100;
    node.setAttribute("stroke-dasharray", `${left.toFixed(2)} 100`);
    node.toggleAttribute("hidden", left === 0);
  },
  "[data-bar-until]": (node, now) => {
    node.setAttribute("width", (share({ from: node.dataset.barFrom, until: node.dataset.barUntil }, now) * 100).toFixed(2));
  },
  "[data-minutes-until]": (node, now) => {
    const minutes = Math.max(0, Math.ceil((node.dataset.minutesUntil - now) / 60000));
    node.textContent = node.dataset.words.replace("{n}", minutes);
  },
  "[data-ago]": (node, now) => {
    const seconds = Math.max(0, Math.round((now - node.dataset.ago) / 1000));
    node.textContent = ` · ${ago.format(-seconds, "second")}`;
  },
};

function paint() {
  if (document.hidden) return;
  const now = Date.now() - ahead;
  for (const [selector, painter] of Object.entries(painters)) {
    for (const node of document.querySelectorAll(selector)) painter(node, now);
  }
}

sync();
paint();
setInterval(paint, 250);
document.addEventListener("visibilitychange", paint);
document.addEventListener("htmx:afterSwap", () => { sync(); paint(); });
