import type { Secret } from "#pkg/api/types/core-v1.ts";
import type { AuthConfig } from "#pkg/cri/index.ts";
import { parseImageName } from "./image-name.ts";

interface Entry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/**
 * Credentials of the pull secrets that match the image, the most specific place first
 * (documentation page "Images", "Interpretation of config.json"). Secrets that cannot be read are passed over.
 */
export function pullCredentials(image: string, secrets: readonly Secret[]): readonly AuthConfig[] {
  const repository = parseImageName(image)?.repository;
  if (repository === undefined) return [];
  return secrets
    .flatMap((secret) => Object.entries(entriesOf(secret)))
    .map(([place, entry]) => ({ place: placeOf(place), entry }))
    .filter(({ place }) => matches(place, repository))
    .toSorted((a, b) => b.place.length - a.place.length)
    .map(({ place, entry }) => authConfig(place, entry));
}

function entriesOf(secret: Secret): Readonly<Record<string, Entry>> {
  const { data = {} } = secret;
  const config = decoded(data[".dockerconfigjson"]) as { auths?: Record<string, Entry> } | undefined;
  if (config?.auths !== undefined) return config.auths;
  return (decoded(data[".dockercfg"]) as Record<string, Entry> | undefined) ?? {};
}

function decoded(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
  } catch {
    return undefined;
  }
}

/** "https://index.docker.io/v1/" is how old clients write Docker Hub. */
function placeOf(key: string): string {
  const place = key.replace(/^https?:\/\//, "").replace(/\/(v1|v2)?\/?$/, "");
  return place.replace(/^(index\.docker\.io|registry-1\.docker\.io)(?=\/|$)/, "docker.io");
}

/** Hosts match part by part with "*" in a part; paths match as prefixes. */
function matches(place: string, repository: string): boolean {
  const [host = "", ...path] = place.split("/");
  const [imageHost = "", ...imagePath] = repository.split("/");
  const [name = "", port] = host.split(":");
  const [imageName = "", imagePort] = imageHost.split(":");
  if (port !== imagePort) return false;
  const parts = name.split(".");
  const imageParts = imageName.split(".");
  if (parts.length !== imageParts.length) return false;
  return parts.every((part, i) => globMatches(part, imageParts[i] ?? "")) && path.every((p, i) => p === imagePath[i]);
}

function globMatches(pattern: string, text: string): boolean {
  const quoted = pattern.split("*").map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${quoted.join(".*")}$`).test(text);
}

function authConfig(serverAddress: string, entry: Entry): AuthConfig {
  const [user, ...rest] = entry.auth === undefined ? [] : Buffer.from(entry.auth, "base64").toString("utf8").split(":");
  return {
    serverAddress,
    username: entry.username ?? user ?? "",
    password: entry.password ?? rest.join(":"),
    ...(entry.identitytoken === undefined ? {} : { identityToken: entry.identitytoken }),
    ...(entry.registrytoken === undefined ? {} : { registryToken: entry.registrytoken }),
  };
}
