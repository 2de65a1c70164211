// An amount typed on the keypad. The form gets minor units in its hidden field and an "amount" event at each change.
import { digits, draw } from "./money.js";
import { listen } from "./keypad.js";

const LARGEST = 10 ** 12; // minor units, as the server has it
const SHAPE = digits ? new RegExp(`^\\d*(\\.\\d{0,${digits}})?$`) : /^\d*$/;

const form = document.querySelector("[data-amount-form]");
const shown = form.querySelector("[data-amount-shown] > .amt");
const field = form.elements.namedItem("amount");
let typed = "";

function minorOf(text) {
  const [units, dec = ""] = text.split(".");
  return Number((units || "0") + dec.padEnd(digits, "0"));
}

function tell(minor) {
  field.value = minor || "";
  form.dispatchEvent(new CustomEvent("amount", { detail: minor }));
}

function press(key) {
  const next = key === "erase" ? typed.slice(0, -1) : typed + key;
  if (!SHAPE.test(next) || minorOf(next) > LARGEST) return;
  typed = next.replace(/^0+(?=\d)/, "");
  draw(shown, minorOf(typed), typed.includes(".") ? typed.slice(typed.indexOf(".")) : "");
  tell(minorOf(typed));
}

function choose(minor) {
  typed = digits ? `${Math.floor(minor / 10 ** digits)}` : `${minor}`;
  draw(shown, minor, "");
  tell(minor);
}

listen(form.querySelector("[data-keypad]"), press, () => !document.querySelector("dialog[open]"));
form.addEventListener("click", ({ target }) => {
  const chip = target.closest("[data-chip]");
  if (chip) choose(Number(chip.dataset.chip));
});
draw(shown, 0, "");
const submit = form.querySelector("[data-needs-amount]");
if (submit) form.addEventListener("amount", ({ detail }) => { submit.disabled = !detail; });
