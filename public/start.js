// Starts the page. A file of its own, because the Content-Security-Policy allows no inline script. Trunk writes the
// addresses of the generated module and of the WebAssembly into this script's data attributes.
const tag = document.querySelector("script[data-wasm]");
const address = (name) => new URL(tag.dataset[name], document.baseURI).href;
const notice = document.getElementById("loading");

const compile = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} for its WebAssembly`);
  // A host that does not name the type has to be helped: streaming insists on it.
  const named = response.headers.get("content-type")?.startsWith("application/wasm");
  return named ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
};

// The worker for long work is fetched with the page, so that nothing is asked for later. It starts nothing until
// there is work. Where it can't be had (a file opened from disk, an old browser), the page does without.
const startWorker = (glue) =>
  new Promise((resolve) => {
    const without = () => resolve(undefined);
    try {
      const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module", name: "airlock" });
      worker.addEventListener("message", () => resolve(worker), { once: true });
      worker.addEventListener("error", (event) => (event.preventDefault(), without()), { once: true });
      worker.postMessage({ glue });
      setTimeout(without, 4000);
    } catch {
      without();
    }
  });

try {
  const compiling = compile(address("wasm"));
  const { default: initialise } = await import(address("js"));
  // After the page's own import: the worker's comes out of the browser's cache.
  const [module, worker] = await Promise.all([compiling, startWorker(address("js"))]);
  worker?.postMessage({ module });
  globalThis.airlockWorker = worker;
  await initialise({ module_or_path: module });
  notice?.remove();
} catch (error) {
  if (notice) {
    notice.setAttribute("role", "alert");
    notice.textContent =
      "Airlock could not start: this browser did not load or run its WebAssembly. Reload the page, or open it in a " +
      `current version of Chrome, Edge, Firefox or Safari. (${error})`;
  }
  throw error;
}
