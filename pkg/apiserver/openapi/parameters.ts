export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly type: "string" | "boolean" | "integer";
}

const query = (type: Parameter["type"], ...names: readonly string[]): Parameter[] =>
  names.map((name) => ({ name, in: "query", type }));

const PRETTY = query("string", "pretty");
/** kubectl looks for dryRun and fieldValidation among the parameters of PATCH before it sends them. */
const WRITE = query("string", "dryRun", "fieldManager", "fieldValidation");
const DELETE = [
  ...query("string", "dryRun"),
  ...query("integer", "gracePeriodSeconds"),
  ...query("boolean", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents"),
  ...query("string", "propagationPolicy"),
];
const SELECT = query("string", "labelSelector", "fieldSelector", "continue", "resourceVersion", "resourceVersionMatch");
const LIST = [
  ...query("boolean", "allowWatchBookmarks"),
  ...SELECT,
  ...query("integer", "limit", "timeoutSeconds"),
  ...query("boolean", "sendInitialEvents", "watch"),
];

/** The query parameters that the machine takes with a verb, of any resource. */
export function verbParameters(verb: string): readonly Parameter[] {
  switch (verb) {
    case "list":
      return [...PRETTY, ...LIST];
    case "create":
    case "update":
      return [...PRETTY, ...WRITE];
    case "patch":
      return [...PRETTY, ...WRITE, ...query("boolean", "force")];
    case "delete":
      return [...PRETTY, ...DELETE];
    case "deletecollection":
      return [...PRETTY, ...SELECT, ...query("integer", "limit", "timeoutSeconds"), ...DELETE];
    default:
      return PRETTY;
  }
}

/** The query parameters of a stream subresource (PodLogOptions, PodExecOptions, …). */
export function connectParameters(subresource: string): readonly Parameter[] {
  switch (subresource) {
    case "log":
      return [
        ...PRETTY,
        ...query("string", "container", "sinceTime", "stream"),
        ...query("boolean", "follow", "insecureSkipTLSVerifyBackend", "previous", "timestamps"),
        ...query("integer", "limitBytes", "sinceSeconds", "tailLines"),
      ];
    case "exec":
      return [...query("string", "command", "container"), ...query("boolean", "stdin", "stdout", "stderr", "tty")];
    case "attach":
      return [...query("string", "container"), ...query("boolean", "stdin", "stdout", "stderr", "tty")];
    case "portforward":
      return query("integer", "ports");
    default:
      return query("string", "path");
  }
}
