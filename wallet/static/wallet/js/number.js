// The plate is the field: keys write the number, A-Z asks for the device's own keyboard.
import { listen } from "./keypad.js";

const form = document.querySelector("[data-number-form]");
const field = form.elements.namedItem("number");
const submit = form.querySelector("[data-find]");
const words = submit.dataset.find;

function changed() {
  field.classList.toggle("is-long", field.value.length > 3 && field.value.length <= 8);
  field.classList.toggle("is-longer", field.value.length > 8);
  submit.disabled = !field.value.trim();
  submit.textContent = words.replace("{number}", field.value.toUpperCase()).trim();
}

function letters() {
  field.inputMode = "text";
  field.blur();
  field.focus();
}

listen(form.querySelector("[data-keypad]"), (key) => {
  if (key === "A–Z") return letters();
  field.value = key === "erase" ? field.value.slice(0, -1) : field.value + key;
  changed();
});
field.addEventListener("input", changed);
field.inputMode = "none"; // our keys are on the screen already
changed();
