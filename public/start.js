// Starts the page. A file of its own, because the Content-Security-Policy allows no inline script. Trunk writes the
// addresses of the generated module and of the WebAssembly into this script's data attributes.
const tag = document.querySelector("script[data-wasm]");
const address = (name) => new URL(tag.dataset[name], document.baseURI);
const notice = document.getElementById("loading");

try {
  const { default: initialise } = await import(address("js").href);
  await initialise({ module_or_path: address("wasm") });
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
