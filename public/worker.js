// The page's worker for long work. It runs the page's own module and its own WebAssembly, which the page has compiled
// already and hands over; neither is fetched or compiled again. It starts when the first order comes.
let initialise;
let module;

onmessage = async ({ data }) => {
  if (data.glue) {
    ({ default: initialise } = await import(data.glue));
    postMessage("ready");
  } else if (data.module) {
    module = data.module;
  } else {
    // From here on the WebAssembly takes the messages. The first order is only a greeting, which it answers.
    onmessage = null;
    await initialise({ module_or_path: module });
  }
};
