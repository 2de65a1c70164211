// From the button to the answer. One key is made when the sheet opens, or when something free is asked for, and kept
// until the server's answer is known: whatever is sent again under it happens at most once.
import { choiceIn } from "./choice.js";
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
const trouble = form.querySelector("[data-trouble]");
const { balance, left = Infinity, lookup, price, start, store, words } = form.dataset; // left: of the day's limit
const say = JSON.parse(words);
const choice = choiceIn(form, { say, changed });
const actions = { see: seePrice, free: startFree, pay: openSheet };
let pin = "";
let busy = false;

const pending = {
  get: () => JSON.parse(sessionStorage.getItem(store)),
  set: (value) => sessionStorage.setItem(store, JSON.stringify(value)),
  drop: () => sessionStorage.removeItem(store),
};

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `w-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// What the button does now: ask for the price, start something free, or open the sheet.
function doing() {
  const amount = choice.amount();
  if (amount === null) return "see";
  return amount === 0 && form.querySelector("[name=option]") ? "free" : "pay";
}

function changed() {
  trouble.hidden = true;
  refresh();
}

function refresh() {
  const amount = choice.amount() ?? 0;
  const short = amount > Number(balance);
  const over = amount > Number(left);
  const does = doing();
  for (const node of document.querySelectorAll("[data-sum]")) node.textContent = inWords(amount);
  for (const node of document.querySelectorAll("[data-after]")) node.textContent = inWords(Math.max(0, balance - amount));
  form.querySelector("[data-does]").textContent = say[does].replace("{sum}", inWords(amount));
  form.querySelector("[data-short]").hidden = !short;
  form.querySelector("[data-calm]").hidden = short || does !== "pay";
  for (const node of document.querySelectorAll("[data-limit]")) node.classList.toggle("error", over);
  button.disabled = busy || !choice.complete() || short || over || (does === "pay" && !amount) || "closed" in form.dataset;
}

function showPin() {
  [...dots.children].forEach((dot, at) => dot.classList.toggle("on", at < pin.length));
  dots.setAttribute("aria-label", dots.dataset.label.replace("{n}", pin.length));
}

function openSheet() {
  const amount = choice.amount();
  draw(sheet.querySelector("[data-sheet-amount]"), amount);
  for (const node of sheet.querySelectorAll("[data-option]")) node.textContent = choice.label() ?? "";
  pin = "";
  note.textContent = "";
  showPin();
  if (!pending.get()) pending.set({ key: newKey(), amount });
  sheet.showModal();
}

function tell(text) {
  trouble.querySelector("span").textContent = text;
  trouble.hidden = false;
}

function refuse({ words: text, code, field }) {
  if (code === "wrong_pin") {
    dots.classList.add("is-wrong");
    navigator.vibrate?.([40, 40, 40]);
  }
  const outside = field || code === "payable_changed" || code === "nothing_to_pay" || code === "payment_required";
  if (outside) { // the sheet shows what is not true any more
    sheet.close();
    choice.set(null);
    refresh();
  }
  if (field && choice.complain(field, text)) return;
  if (outside || !sheet.open) return tell(text);
  note.textContent = text;
  pin = "";
  showPin();
}

// What the server said: done, refused for good (the key is spent), or refused but free to try again.
function settle(body) {
  if (body.next) {
    pending.drop();
    return location.replace(body.next);
  }
  const { free } = pending.get() ?? {};
  if (body.spent) pending.drop();
  else pending.set({ ...pending.get(), waiting: false });
  if (body.code === "signed_out") return location.assign(body.sign_in);
  if (UNDECIDED.has(body.code)) return loseIt();
  lost.hidden = true;
  payable.hidden = false;
  if (!sheet.open && !free && choice.amount()) openSheet();
  refuse(body);
}

// Marks as busy what the payer touched, and asks. The server's JSON, or null.
async function busily(area, url, body) {
  busy = true;
  area.setAttribute("aria-busy", "true");
  const answer = await asked(url, { method: "POST", body });
  busy = false;
  area.removeAttribute("aria-busy");
  return answer;
}

async function seePrice() {
  if (!navigator.onLine) return tell(say.offline);
  trouble.hidden = true;
  const meant = choice.meant();
  const answer = await busily(button, price, choice.fill(new FormData(form)));
  if (meant !== choice.meant()) return refresh(); // something else was typed meanwhile
  if (answer?.version) choice.set(answer);
  refresh();
  if (answer?.code === "signed_out") location.assign(answer.sign_in);
  else if (!answer?.version) refuse(answer ?? { words: say.unanswered });
}

async function startFree() {
  if (!navigator.onLine) return tell(say.offline);
  trouble.hidden = true;
  const { key } = pending.get() ?? { key: newKey() };
  const body = choice.fill(new FormData(form));
  body.set("key", key);
  pending.set({ key, amount: 0, free: true, sentAt: Date.now(), waiting: true });
  const answer = await busily(button, start, body);
  refresh();
  if (answer) settle(answer);
  else loseIt();
}

async function send() {
  if (!navigator.onLine) return refuse({ words: say.offline }); // nothing has left this phone
  const body = choice.fill(new FormData(form));
  const { key } = pending.get() ?? { key: newKey() };
  body.set("key", key);
  body.set("pin", pin);
  pending.set({ key, amount: choice.amount(), sentAt: Date.now(), waiting: true });
  note.textContent = say.busy;
  const answer = await busily(sheet, form.action, body);
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
  const { free = false } = pending.get();
  pending.set({ ...pending.get(), waiting: true });
  for (const node of lost.querySelectorAll("[data-lost-when]")) node.hidden = (node.dataset.lostWhen === "free") !== free;
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
button.addEventListener("click", () => { if (!busy) actions[doing()](); });
form.addEventListener("submit", (event) => { event.preventDefault(); if (!button.disabled) button.click(); });
form.addEventListener("amount", changed);
sheet.addEventListener("click", ({ target }) => { if (target === sheet && !busy) sheet.close(); });
sheet.addEventListener("cancel", (event) => { if (busy) event.preventDefault(); });
sheet.addEventListener("close", () => { pin = ""; if (!pending.get()?.sentAt) pending.drop(); });
lost.querySelector("[data-ask]").addEventListener("click", ask);
window.addEventListener("online", ask);
refresh();
if (pending.get()?.waiting) loseIt();
