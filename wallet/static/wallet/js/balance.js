// The eye hides the balance. A cookie keeps the choice, so that the server draws it hidden and nothing flashes.
document.addEventListener("click", ({ target }) => {
  const eye = target.closest("[data-eye]");
  if (!eye) return;
  const hidden = eye.closest(".balance").classList.toggle("is-hidden");
  eye.setAttribute("aria-pressed", hidden);
  document.cookie = `hide_balance=${hidden ? 1 : 0}; path=/; max-age=31536000; samesite=lax`;
});
