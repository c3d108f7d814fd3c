import { mutate, scramble, toText } from "./mutate.ts";
import type { Random } from "./random.ts";

/** What each parameter of a list or watch may say, right and wrong. */
const LIST_VALUES: Readonly<Record<string, readonly string[]>> = {
  limit: ["1", "-1", "0", "500", "99999999999999999999", "1e3", "0x10"],
  resourceVersion: ["0", "1", "abc", "-1", "", "1.5", "18446744073709551616"],
  resourceVersionMatch: ["Exact", "NotOlderThan", "Never", ""],
  labelSelector: ["(((", "a in (b,c),!d,e==f", "a=b,,", "!a", "a notin (b)", "=", "a>1", `a=${"b".repeat(70)}`],
  fieldSelector: ["metadata.name=x,spec.nope=y", "===", "metadata.name!=x", "spec.nodeName=", "\\,=\\=", "a=b"],
  timeoutSeconds: ["-4", "0", "1", "9223372036854775808", "x"],
  sendInitialEvents: ["true", "false", "2"],
  allowWatchBookmarks: ["true", "1", "maybe"],
  pretty: ["1", "true", "no"],
  shard: ["1/2"],
};
const WRITE_VALUES: Readonly<Record<string, readonly string[]>> = {
  fieldValidation: ["Strict", "Ignore", "Warn", "Sloppy"],
  fieldManager: ["fuzz", "", "x".repeat(129), "a\u0007b"],
  dryRun: ["Some", ""],
  pretty: ["1"],
  timeout: ["nonsense", "1s", "-1s"],
};
export const ACCEPTS = [
  "application/json;as=Table;g=meta.k8s.io;v=v1",
  "application/json;as=Table;g=meta.k8s.io;v=v1beta1,application/json",
  "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  "application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1",
  "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  "application/vnd.kubernetes.protobuf",
  "application/yaml",
  "application/cbor",
  "*/*;q=0",
  ";;;,,,",
  "application/json;as=Nothing;g=x;v=y",
];
/** Ends of paths that no client means. */
const STRAYS = [
  "/..",
  "/../..",
  "/%2e%2e",
  "/%2e%2e%2f%2e%2e%2fsecrets",
  "//",
  "/%00",
  "/%zz",
  "/%c0%af",
  "/%ff",
  "/a%2fb",
  "/%20",
  "/status/status",
  "/x/log?container=../../etc&tailLines=-1&sinceSeconds=x",
  "/x/exec?command=a&stdin=maybe",
  "/x/portforward?ports=99999999",
  "/x/proxy/../../../secrets",
  "/x/proxy/%2e%2e/%2e%2e/secrets",
  "/https:x:y:z/proxy/",
  "/x:99999999/proxy/a?b=%zz",
  `/${"y".repeat(6_000)}`,
  "/__proto__",
  "/constructor/prototype",
];

const parameter = (name: string, value: string): string => `${name}=${encodeURIComponent(value.toWellFormed())}`;

function some(random: Random, values: Readonly<Record<string, readonly string[]>>, count: number): string[] {
  return Array.from({ length: count }, () => {
    const name = random.pick(Object.keys(values));
    const value = random.pick(values[name] as string[]);
    return parameter(name, random.chance(0.2) ? scramble(random, value) : value);
  });
}

/** "?…" of a list or watch. */
export function listQuery(random: Random, ...more: readonly string[]): string {
  const parameters = [...more, ...some(random, LIST_VALUES, 1 + random.below(3))];
  if (random.chance(0.15)) parameters.push(parameter("continue", continueToken(random)));
  return `?${parameters.join("&")}`;
}

/** "?…" of a write, or nothing. */
export function writeQuery(random: Random, ...more: readonly string[]): string {
  const parameters = [...more, ...some(random, WRITE_VALUES, random.chance(0.3) ? 1 : 0)];
  return parameters.length === 0 ? "" : `?${parameters.join("&")}`;
}

/** Only what is called `name` may be deleted, whatever the rest selects. */
export function deletionQuery(random: Random, name: string): string {
  const selector = random.pick(LIST_VALUES["labelSelector"] as string[]);
  return `?${[parameter("fieldSelector", `metadata.name=${name}`), parameter("labelSelector", selector)].join("&")}`;
}

export const strayPath = (random: Random): string => random.pick(STRAYS);

/** As the server makes them, with another revision, start or form. */
function continueToken(random: Random): string {
  const token = {
    v: "meta.k8s.io/v1",
    rv: random.pick([-1, 0, 1, 2 ** 53, 1]),
    start: random.pick(["a", "../", "\0"]),
  };
  const text = random.chance(0.5) ? JSON.stringify(token) : toText(random, mutate(random, token));
  return Buffer.from(text).toString("base64url");
}
