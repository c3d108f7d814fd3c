import { parseArgs } from "node:util";
import { BUSYBOX_IMAGE } from "../lab/index.ts";
import { API_MEASUREMENTS, HOST_MEASUREMENTS } from "./measure/index.ts";

export interface BenchArguments {
  /** A second endpoint, measured beside minik. */
  readonly kubeconfig: string | undefined;
  /** Its name in the table. */
  readonly title: string;
  /** Measure only that endpoint. */
  readonly withoutMinik: boolean;
  /** Names of measurements; all of them when empty. */
  readonly only: readonly string[];
  /** Where the values go as JSON. */
  readonly out: string | undefined;
  readonly image: string;
  readonly scale: number;
  /** More flags of `minik server`. */
  readonly serverFlags: readonly string[];
}

const names = [...HOST_MEASUREMENTS, ...API_MEASUREMENTS].map(({ name }) => name);

export const USAGE = `make bench BENCH="[options]"

  --only NAME,NAME     measure only these: ${names.join(", ")}
  --kubeconfig FILE    measure this endpoint too, beside minik
  --title NAME         name of that endpoint in the table
  --without-minik      only that endpoint
  --image NAME         image of pods that run (${BUSYBOX_IMAGE}); has sh and sleep
  --scale NUMBER       0.1 makes a tenth of the requests
  --server-flag FLAG   a further flag of \`minik server\`, "--name=value"; may be repeated
  --out FILE           write the values as JSON
`;

/** @throws {Error} of one line */
export function parseArguments(argv: readonly string[]): BenchArguments | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string" },
      kubeconfig: { type: "string" },
      title: { type: "string", default: "other" },
      "without-minik": { type: "boolean", default: false },
      image: { type: "string", default: BUSYBOX_IMAGE },
      scale: { type: "string", default: "1" },
      "server-flag": { type: "string", multiple: true, default: [] },
      out: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return "help";
  const only = values.only?.split(",") ?? [];
  for (const name of only) {
    if (!names.includes(name)) throw new Error(`--only: there is no "${name}"; there are ${names.join(", ")}`);
  }
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new Error(`--scale: "${values.scale}" is not a positive number`);
  if (values["without-minik"] && values.kubeconfig === undefined) throw new Error("--without-minik needs --kubeconfig");
  return {
    only,
    scale,
    kubeconfig: values.kubeconfig,
    title: values.title,
    withoutMinik: values["without-minik"],
    image: values.image,
    serverFlags: values["server-flag"],
    out: values.out,
  };
}
