// From the button to the answer. One key is made when the sheet opens and kept until the server's answer is known:
// whatever is sent again under it pays at most once.
import { draw, inWords } from "./money.js";
import { listen } from "./keypad.js";

const PIN_LENGTH = 6;
const PATIENCE_MS = 6000; // a payment the server has not seen by then is not on its way any more
const ANSWER_WITHIN_MS = 15000;
const UNDECIDED = new Set(["idempotency_in_progress", "idempotency_key_reused"]); // an earlier try did arrive

const form = document.querySelector("[data-pay]");
const sheet = document.getElementById("sheet");
const lost = document.getElementById("lost");
const payable = document.getElementById("payable");
const button = form.querySelector("[data-open-sheet]");
const dots = sheet.querySelector(".dots");
const note = sheet.querySelector("[data-note]");
const { balance, left = Infinity, lookup, store, words } = form.dataset; // left: of the day's limit
const say = JSON.parse(words);
let pin = "";
let busy = false;

const pending = {
  get: () => JSON.parse(sessionStorage.getItem(store)),
  set: (value) => sessionStorage.setItem(store, JSON.stringify(value)),
  drop: () => sessionStorage.removeItem(store),
};

function chosen() {
  const option = form.querySelector("[name=option]:checked");
  const amount = Number(option?.dataset.amount ?? form.elements.namedItem("amount")?.value ?? form.dataset.amount ?? 0);
  return { amount: amount || Number(form.dataset.amount || 0), label: option?.dataset.label };
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `w-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function refresh() {
  const { amount } = chosen();
  const short = amount > Number(balance);
  const over = amount > Number(left);
  for (const node of document.querySelectorAll("[data-sum]")) node.textContent = inWords(amount);
  for (const node of document.querySelectorAll("[data-after]")) node.textContent = inWords(Math.max(0, balance - amount));
  form.querySelector("[data-short]").hidden = !short;
  form.querySelector("[data-calm]").hidden = short;
  for (const node of document.querySelectorAll("[data-limit]")) node.classList.toggle("error", over);
  button.disabled = !amount || short || over || "closed" in form.dataset;
}

function showPin() {
  [...dots.children].forEach((dot, at) => dot.classList.toggle("on", at < pin.length));
  dots.setAttribute("aria-label", dots.dataset.label.replace("{n}", pin.length));
}

function openSheet() {
  const { amount, label } = chosen();
  draw(sheet.querySelector("[data-sheet-amount]"), amount);
  for (const node of sheet.querySelectorAll("[data-option]")) node.textContent = label ?? "";
  pin = "";
  note.textContent = "";
  showPin();
  if (!pending.get()) pending.set({ key: newKey(), amount });
  sheet.showModal();
}

function refuse({ words: text, code }) {
  if (code === "wrong_pin") {
    dots.classList.add("is-wrong");
    navigator.vibrate?.([40, 40, 40]);
  }
  note.textContent = text;
  pin = "";
  showPin();
}

// What the server said: paid, refused for good (the key is spent), or refused but free to try again.
function settle(body) {
  if (body.next) {
    pending.drop();
    return location.replace(body.next);
  }
  if (body.spent) pending.drop();
  else pending.set({ ...pending.get(), waiting: false });
  if (body.code === "signed_out") return location.assign(body.sign_in);
  if (UNDECIDED.has(body.code)) return loseIt();
  lost.hidden = true;
  payable.hidden = false;
  if (!sheet.open) openSheet();
  refuse(body);
}

async function send() {
  if (!navigator.onLine) return refuse({ words: say.offline }); // nothing has left this phone
  const body = new FormData(form);
  const { key } = pending.get() ?? { key: newKey() };
  body.set("key", key);
  body.set("pin", pin);
  pending.set({ key, amount: chosen().amount, sentAt: Date.now(), waiting: true });
  busy = true;
  sheet.setAttribute("aria-busy", "true");
  note.textContent = say.busy;
  const answer = await asked(form.action, { method: "POST", body });
  busy = false;
  sheet.removeAttribute("aria-busy");
  if (answer) settle(answer);
  else loseIt();
}

// The server's JSON, or null when nobody knows what became of the request.
async function asked(url, options) {
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(url, { ...options, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (answer.status >= 500) return null;
    if (answer.headers.get("Content-Type")?.includes("json")) return await answer.json();
    return answer.status === 403 ? { words: say.stale } : null; // a page too old to be trusted: it was refused unread
  } catch {
    return null;
  }
}

function loseIt() {
  pending.set({ ...pending.get(), waiting: true });
  sheet.close();
  payable.hidden = true;
  lost.hidden = false;
  draw(lost.querySelector("[data-lost-amount]"), pending.get().amount);
  lost.querySelector("h1").focus();
  setTimeout(ask, 1000);
}

async function ask() {
  const { key, sentAt } = pending.get() ?? {};
  if (!key || lost.hidden || busy) return;
  busy = true;
  const answer = navigator.onLine ? await asked(`${lookup}?key=${encodeURIComponent(key)}`) : null;
  busy = false;
  const known = answer && (answer.next || answer.code !== "unknown_key" || Date.now() - sentAt > PATIENCE_MS);
  if (answer?.code === "signed_out") location.assign(answer.sign_in); // and back here, to ask again
  else if (known && answer.code !== "idempotency_in_progress") settle(answer);
  else if (navigator.onLine) setTimeout(ask, 2000);
}

listen(sheet.querySelector("[data-keypad]"), (key) => {
  if (busy) return;
  dots.classList.remove("is-wrong");
  note.textContent = "";
  pin = key === "erase" ? pin.slice(0, -1) : (pin + key).slice(0, PIN_LENGTH);
  showPin();
  if (pin.length === PIN_LENGTH) send();
}, () => sheet.open);
button.addEventListener("click", openSheet);
form.addEventListener("submit", (event) => { event.preventDefault(); if (!button.disabled) openSheet(); });
form.addEventListener("change", refresh);
form.addEventListener("amount", refresh);
sheet.addEventListener("click", ({ target }) => { if (target === sheet && !busy) sheet.close(); });
sheet.addEventListener("cancel", (event) => { if (busy) event.preventDefault(); });
sheet.addEventListener("close", () => { pin = ""; if (!pending.get()?.sentAt) pending.drop(); });
lost.querySelector("[data-ask]").addEventListener("click", ask);
window.addEventListener("online", ask);
refresh();
if (pending.get()?.waiting) loseIt();
