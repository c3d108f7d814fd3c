const domain =
  "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?";
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const reference = new RegExp(
  `^((?:${domain}/)?${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

export interface ImageName {
  /** With ":latest" where the name has neither tag nor digest. */
  readonly full: string;
  /** "docker.io" where the name has no host. */
  readonly registry: string;
  /** Host and path without tag, for credentials: "docker.io/library/nginx". */
  readonly repository: string;
}

/** Splits an image's name as the distribution project defines it; undefined when it is not one. */
export function parseImageName(image: string): ImageName | undefined {
  const match = reference.exec(image);
  if (match === null) return undefined;
  const [, name = "", tag, digest] = match;
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === "localhost" || /[A-Z]/.test(first);
  const registry = hasHost ? first : "docker.io";
  const path = hasHost ? name.slice(slash + 1) : slash === -1 ? `library/${name}` : name;
  return {
    full: tag === undefined && digest === undefined ? `${image}:latest` : image,
    registry,
    repository: `${registry}/${path}`,
  };
}
