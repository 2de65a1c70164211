// A notice that was read goes away and stays away: a cookie tells the server, so that it draws it no more.
const MOST = 12; // the newest; older ones are not told any more anyway
const KEPT_S = 3600;

function putAway() {
  const [, keys = ""] = /(?:^|; )put_away=([^;]*)/.exec(document.cookie) ?? [];
  return keys.split(".").filter(Boolean);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-put-away]");
  if (!button) return;
  const keys = [...putAway(), button.dataset.putAway].slice(-MOST);
  document.cookie = `put_away=${keys.join(".")}; path=/; max-age=${KEPT_S}; samesite=lax`;
  button.closest("[data-announce]").remove();
  if (!document.querySelector("[data-put-away]")) document.title = document.querySelector("[data-quiet-title]").dataset.quietTitle;
});
