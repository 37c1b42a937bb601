// @ts-check
/** Keeps the page on the phone: it opens without a network, and codes are made here anyway. */

// The cloud puts the fingerprint of all files here: new files, a new worker, a new cache.
const VERSION = "0";
const FILES = [
  "/m/",
  "/m/static/app.webmanifest",
  "/m/static/bill.js",
  "/m/static/bytes.js",
  "/m/static/cloud.js",
  "/m/static/codes.js",
  "/m/static/consents.js",
  "/m/static/dom.js",
  "/m/static/icon.svg",
  "/m/static/invited.js",
  "/m/static/kept.js",
  "/m/static/lane.js",
  "/m/static/leaving.js",
  "/m/static/mall.js",
  "/m/static/page.css",
  "/m/static/page.js",
  "/m/static/receipt.js",
  "/m/static/settings.js",
  "/m/static/signin.js",
  "/m/static/store.js",
  "/m/static/tasks.js",
  "/m/static/tier.js",
  "/m/static/text/en.json",
  "/m/static/text/zh.json",
  "/m/static/tokens.css",
  "/m/static/vendor/qrcode.mjs",
  "/m/static/views.js",
  "/m/static/words.js",
];
const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(VERSION).then((cache) => cache.addAll(fresh)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== VERSION));
  const gone = old.then((names) => Promise.all(names.map((name) => caches.delete(name))));
  event.waitUntil(gone.then(() => worker.clients.claim()));
});

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "claim") event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== worker.location.origin) return;
  if (event.request.mode === "navigate" && pathname.startsWith("/m/")) event.respondWith(held("/m/", event.request));
  else if (pathname.startsWith("/m/static/")) event.respondWith(held(pathname, event.request));
});

/** @param {string} file @param {Request} request @returns {Promise<Response>} */
async function held(file, request) {
  const cache = await caches.open(VERSION);
  return (await cache.match(file)) ?? fetch(request);
}
