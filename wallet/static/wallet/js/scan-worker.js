// Reads QR codes off the main thread. First message: where the WebAssembly is. Then pictures in, texts out.
import { prepareZXingModule, readBarcodes } from "../vendor/zxing-wasm/es/reader/index.js";

const canvas = new OffscreenCanvas(1, 1);
const pen = canvas.getContext("2d", { willReadFrequently: true });

function pixels(picture) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  pen.drawImage(picture, 0, 0);
  picture.close();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

async function read(picture) {
  const found = await readBarcodes(pixels(picture), { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
  return found.find((code) => code.isValid)?.text ?? null;
}

self.onmessage = async ({ data }) => {
  try {
    if (data.wasm) {
      await prepareZXingModule({ overrides: { locateFile: () => data.wasm }, fireImmediately: true });
      self.postMessage({ ready: true });
    } else {
      self.postMessage({ text: await read(data.picture) });
    }
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
