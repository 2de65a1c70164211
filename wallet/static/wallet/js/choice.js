// What the payer chose and filled in, and what that costs. A price that only the server knows is asked for, and
// holds as long as the server says.
import { draw } from "./money.js";

const EARLY_S = 5; // a quote is given up before it ends: typing the PIN takes a moment

function value(field) {
  if (field.type === "checkbox") return field.checked;
  return field.dataset.type === "integer" ? Number(field.value) : field.value.trim();
}

export function choiceIn(form, { say, changed }) {
  let quote = null; // { amount, version }
  let ends = 0; // the timer that gives it up

  const option = () => form.querySelector("[name=option]:checked");
  const box = () => [...form.querySelectorAll("[data-fields-of]")].find((node) => node.dataset.fieldsOf === option()?.value);
  const fields = () => [...(box()?.querySelectorAll("[data-arg]") ?? [])].filter((field) => field.type !== "radio" || field.checked);
  const filled = () => fields().filter((field) => field.required || field.type === "checkbox" || field.value);
  const args = () => Object.fromEntries(filled().map((field) => [field.dataset.arg, value(field)]));
  const complete = () => fields().every((field) => field.checkValidity());

  // The amount in minor units; null: the server must be asked.
  function amount() {
    const { amount: unit, per, quoted } = option()?.dataset ?? {};
    if (quoted !== undefined) return quote?.amount ?? null;
    if (unit !== undefined) return Number(unit) * (per ? args()[per] : 1);
    return Number(form.elements.namedItem("amount")?.value || form.dataset.amount || 0);
  }

  function showPrice() {
    const place = option() && [...form.querySelectorAll("[data-price-of]")].find((node) => node.dataset.priceOf === option().value);
    if (!place || option().dataset.quoted === undefined) return;
    const node = document.createElement("span");
    node.className = quote?.amount ? "amt" : "free";
    if (quote?.amount) draw(node, quote.amount);
    else if (quote) node.textContent = say.nothing;
    place.replaceChildren(node);
  }

  function set(next) {
    quote = next;
    clearTimeout(ends);
    if (quote) ends = setTimeout(() => { set(null); changed(); }, (quote.holds_s - EARLY_S) * 1000);
    showPrice();
  }

  // Says what is wrong with a field of the option; without a field that is there, false.
  function complain(name, words) {
    const note = [...(box()?.querySelectorAll("[data-error-of]") ?? [])].find((node) => node.dataset.errorOf === name);
    if (!note) return false;
    note.textContent = words;
    const field = fields().find((one) => one.dataset.arg === name);
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
    return true;
  }

  function calm() {
    for (const note of form.querySelectorAll("[data-error-of]")) note.textContent = "";
    for (const field of form.querySelectorAll("[data-arg][aria-invalid]")) field.removeAttribute("aria-invalid");
  }

  function touched({ target }) {
    for (const node of form.querySelectorAll("[data-fields-of]")) node.hidden = node !== box();
    if (target.closest("[data-arg], [name=option]")) {
      calm();
      set(null);
    }
    changed();
  }

  form.addEventListener("input", touched);
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-step]");
    const field = button?.parentElement.querySelector("[data-arg]");
    if (!field) return;
    const by = Number(button.dataset.step);
    const wanted = Math.min(Number(field.max || Infinity), Math.max(Number(field.min || -Infinity), value(field) + by));
    if (wanted === value(field)) return;
    field.value = wanted;
    touched({ target: field });
  });

  return {
    amount, complete, complain, set,
    label: () => option()?.dataset.label,
    meant: () => JSON.stringify([option()?.value, args()]),
    // What was chosen, on top of a form's own fields.
    fill(body) {
      const filledIn = args();
      if (Object.keys(filledIn).length) body.set("args", JSON.stringify(filledIn));
      if (quote) body.set("version", quote.version);
      return body;
    },
  };
}
