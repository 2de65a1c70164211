// Writes amounts of minor units as the server does: wallet/money.py.
const { currencySign, exponent } = document.documentElement.dataset;
export const digits = Number(exponent);

function parts(minor) {
  const text = String(minor).padStart(digits + 1, "0");
  const cut = text.length - digits;
  const units = text.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",");
  return { units, dec: digits ? `.${text.slice(cut)}` : "" };
}

export function inWords(minor) {
  const { units, dec } = parts(minor);
  return `${currencySign}${units}${dec}`;
}

function span(css, text) {
  const node = document.createElement("span");
  node.className = css;
  node.textContent = text;
  return node;
}

// Draws into an element of class amt; `dec` overrides the minor digits while they are being typed.
export function draw(node, minor, dec = parts(minor).dec) {
  const { units } = parts(minor);
  node.replaceChildren(span("cur", currencySign), span("", units), span("dec", dec));
  node.classList.toggle("is-long", units.length > 7 && units.length <= 11);
  node.classList.toggle("is-longer", units.length > 11);
}
