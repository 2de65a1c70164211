// The drawn keys and the hardware ones, as one stream of "0".."9", ".", "00" and "erase".
const HARDWARE = { Backspace: "erase", Delete: "erase", ",": "." };

export function listen(pad, onKey, isActive = () => true) {
  const known = new Set([...pad.querySelectorAll("[data-key]")].map((button) => button.dataset.key));
  pad.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-key]");
    if (button) onKey(button.dataset.key);
  });
  document.addEventListener("keydown", (event) => {
    if (!isActive() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select")) return;
    const key = HARDWARE[event.key] ?? event.key;
    if (!known.has(key)) return;
    event.preventDefault();
    onKey(key);
  });
}
