// YAML of bodies and of answers, large ones in a thread of their own. Reads and writes texts.
export type { ParsedYaml } from "./parse-yaml-text.ts";
export { YamlCodec } from "./yaml-codec.ts";
export { YAML_LIMITS, type YamlThreadOptions } from "./yaml-thread.ts";
