// @ts-check
/** Sees to it that the page is kept on the phone, also over a bad line and a page that came at a bad moment. */

const AGAIN_MS = 20_000;

/** Ask for the worker until one stands; one file that does not come over the line undoes a whole try. */
export function keepOnPhone() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const again = () => void setTimeout(keepOnPhone, AGAIN_MS);
  workers.register("/m/worker.js", { scope: "/m/" }).then((kept) => {
    const coming = kept.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "redundant" && !kept.active) again();
    });
  }, again);
  // A page that was on its way when the worker came to life is nobody's: the worker takes it when asked.
  void workers.ready.then((kept) => {
    if (!workers.controller) kept.active?.postMessage("claim");
  });
}
