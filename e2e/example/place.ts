import { fileURLToPath } from "node:url";

/** The data directory of `make up`; removed by `make down`. */
export const DATA_DIR = fileURLToPath(new URL("../../.cache/up", import.meta.url));
/** Owner of the namespaces of `make up`. */
export const OWNER = "up";
export const EXAMPLE = fileURLToPath(new URL("../../examples/hello.yaml", import.meta.url));
