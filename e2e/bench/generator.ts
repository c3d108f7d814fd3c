// The load generator, a process of its own beside the server: `generator.ts MEASUREMENT OPTIONS`, where OPTIONS is the JSON
// of GeneratorOptions. Prints the values, or why it was skipped, as one line of JSON.
import { Api } from "./api.ts";
import type { GeneratorAnswer, GeneratorOptions } from "./generate.ts";
import type { Bench } from "./measurement.ts";
import { API_MEASUREMENTS } from "./measure/index.ts";
import { Namespaces } from "./namespaces.ts";
import { type NodeList, readyNodes } from "./nodes.ts";

async function measure(name: string, options: GeneratorOptions, signal: AbortSignal): Promise<GeneratorAnswer> {
  const measurement = API_MEASUREMENTS.find((m) => m.name === name);
  if (measurement === undefined) throw new Error(`there is no measurement "${name}"`);
  const api = await Api.connect(options.kubeconfig);
  try {
    if (measurement.needsNode === true) {
      if (readyNodes(await api.call<NodeList>("GET", "/api/v1/nodes")).length === 0)
        return { skipped: "no Ready node" };
    }
    const run = `bench-${name}-${process.pid}`;
    const namespaces = new Namespaces(api, run);
    const bench: Bench = {
      api,
      run,
      signal,
      image: options.image,
      connect: () => Api.connect(options.kubeconfig),
      namespace: () => namespaces.create(),
      count: (count) => Math.max(1, Math.round(count * options.scale)),
    };
    const stopped = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true }),
    );
    try {
      return { values: await Promise.race([measurement.run(bench), stopped]) };
    } finally {
      await namespaces.removeAll();
    }
  } finally {
    api.close();
  }
}

const [name = "", options = "{}"] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
try {
  const answer = await measure(name, JSON.parse(options) as GeneratorOptions, stop.signal);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (err) {
  // What was refused, and not where in the connection it was read: the bench shows the end of this text.
  process.stderr.write(`${String(err)}\n`);
  process.exit(1);
}
