/** What was built, and from what. */
export interface Build {
  /** "v1.36.2+minik1": the Kubernetes release that minik has the behaviour of, and minik's own. */
  readonly gitVersion: string;
  readonly gitCommit: string;
  /** RFC 3339. */
  readonly buildDate: string;
}

/** The body of /version (version.Info). Clients compare major and minor; the compiler and Go fields must be there. */
export function versionInfo({ gitVersion, gitCommit, buildDate }: Build): object {
  const [major = "", minor = ""] = gitVersion.replace(/^v/, "").split(".");
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion,
    gitCommit,
    gitTreeState: "clean",
    buildDate,
    goVersion: "",
    compiler: `node ${process.version}`,
    platform: `linux/${process.arch === "x64" ? "amd64" : process.arch}`,
  };
}
