// Copies a code to hand on. Where the browser does not let us, there is no button.
const able = Boolean(navigator.clipboard);

function hideUnlessAble() {
  if (!able) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = true;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.querySelector("span").textContent = button.dataset.copied;
  document.getElementById("announcer").textContent = button.dataset.copied;
});
document.addEventListener("htmx:afterSwap", hideUnlessAble);
hideUnlessAble();
