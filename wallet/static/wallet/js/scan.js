// The camera looks, the worker reads, and only a code of ours is opened: any other is shown as text.
const root = document.querySelector("[data-scan]");
const video = root.querySelector("video");
const says = root.querySelector("[data-says]");
const { worker: workerUrl, wasm, own, loopback, open, claim, refused, words } = root.dataset;
const say = JSON.parse(words);
const worker = new Worker(workerUrl, { type: "module" });
let answer; // resolves with what the worker reads in the picture it has
let turn = Promise.resolve(); // one picture at a time, from the camera or from a file
let quietUntil = 0;

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

// The path of a code of ours: to pay, or to set a machine up. Null for everything else.
function pathOf(text) {
  const [, from, kind, token] = /^(.+)\/([qs])\/([0-9a-z]{26})$/.exec(text.trim().toLowerCase()) ?? [];
  const ours = from === own.toLowerCase() || from === location.origin || (loopback && LOOPBACK.test(from));
  return token && ours ? (kind === "s" ? claim : open) + token.toUpperCase() : null;
}

function show(text, code) {
  const line = document.createElement("p");
  line.textContent = text;
  if (code) line.appendChild(document.createElement("code")).textContent = code;
  says.replaceChildren(line);
}

function found(text) {
  const path = pathOf(text);
  const merchantText = /^000201/.test(text); // EMVCo: the server reads it
  if (!path && !merchantText) {
    show(say.foreign, text.slice(0, 300));
    quietUntil = Date.now() + 2500;
    return false;
  }
  root.classList.add("is-found");
  show(say.found);
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(30);
  stop();
  if (path) location.assign(path);
  else submitText(text);
  return true;
}

function submitText(text) {
  const form = root.querySelector("form");
  form.elements.namedItem("payload").value = text;
  form.submit();
}

function stop() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
}

function read(picture) {
  turn = turn.then(() => new Promise((resolve) => {
    answer = resolve;
    worker.postMessage({ picture }, [picture]);
  }));
  return turn;
}

async function watch() {
  while (video.srcObject?.active) {
    if (video.readyState >= 2 && Date.now() > quietUntil && !document.hidden) {
      const text = await read(await createImageBitmap(video));
      if (text && found(text)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

function offerTorch(track) {
  const button = root.querySelector("[data-torch]");
  if (!track.getCapabilities?.().torch) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    track.applyConstraints({ advanced: [{ torch: on }] });
  });
}

async function openCamera() {
  try {
    const wish = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
  } catch (error) {
    return location.replace(`${refused}?camera=${error.name === "NotAllowedError" ? "refused" : "none"}`);
  }
  await video.play();
  offerTorch(video.srcObject.getVideoTracks()[0]);
  await ready;
  watch();
}

const ready = new Promise((resolve) => {
  worker.onmessage = ({ data }) => {
    if (data.ready) return resolve();
    if (data.error) show(say.broken);
    answer?.(data.text ?? null);
  };
  worker.onerror = () => show(say.broken);
});
worker.postMessage({ wasm });

root.querySelector("[data-photo]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (!file) return;
  await ready;
  const picture = await createImageBitmap(file).catch(() => null);
  const text = picture && await read(picture);
  if (!text) show(say.none);
  else found(text);
});
window.addEventListener("pagehide", stop);
window.addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
openCamera();
