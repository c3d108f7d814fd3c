import { Failure, failure } from "../runtime/failure.ts";
import { traversal } from "../runtime/size.ts";
import { ArrayList, LiteralMap, OpaqueValue } from "../runtime/values.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";

interface UrlParts {
  readonly scheme: string;
  /** With port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class UrlValue extends OpaqueValue {
  readonly typeName = "kubernetes.URL";
  readonly text: string;
  readonly parts: UrlParts;
  constructor(text: string, parts: UrlParts) {
    super();
    this.text = text;
    this.parts = parts;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

const U = "kubernetes.URL";

/** Kubernetes' URLs: absolute ones, or paths that start with "/", as Go's url.ParseRequestURI takes them. */
export function urls(): readonly Overload[] {
  const parsing: OverloadOptions = {
    cost: ([text]) => traversal(text),
    estimate: ([text]) => ({ cost: Math.ceil((text?.size ?? 0) * 0.1) }),
  };
  return [
    overload(`url(string): ${U}`, parse, parsing),
    overload("isURL(string): bool", (text: string) => !(parse(text) instanceof Failure), parsing),
    overload(`${U}.getScheme(): string`, ({ parts }: UrlValue) => parts.scheme),
    overload(`${U}.getHost(): string`, ({ parts }: UrlValue) => parts.host),
    overload(`${U}.getHostname(): string`, ({ parts }: UrlValue) => hostPort(parts.host)[0]),
    overload(`${U}.getPort(): string`, ({ parts }: UrlValue) => hostPort(parts.host)[1]),
    overload(`${U}.getEscapedPath(): string`, ({ parts }: UrlValue) => escapePath(parts.path)),
    overload(`${U}.getQuery(): map<string, list<string>>`, ({ parts }: UrlValue) => queryOf(parts.query)),
  ];
}

function parse(text: string): UrlValue | Failure {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?]*))?)?(\/?[^?]*)(?:\?(.*))?$/s.exec(text);
  const [, scheme = "", authority = "", path = "", query = ""] = match ?? [];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const wrong =
    match === null ||
    // oxlint-disable-next-line no-control-regex -- those are what a URL must not hold
    /[\x00-\x1f\x7f]/.test(text) ||
    (scheme === "" && !path.startsWith("/")) ||
    (scheme !== "" && authority === "" && !path.startsWith("/")) ||
    /%(?![0-9a-fA-F]{2})/.test(path) ||
    !/^(\[[0-9a-fA-F:.%a-z0-9]*\]|[^:[\]\s<>"\\^`{|}]*)(:\d*)?$/.test(host);
  if (wrong)
    return failure(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  return new UrlValue(text, { scheme: scheme.toLowerCase(), host, path, query });
}

function hostPort(host: string): readonly [string, string] {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(host);
  return [(match?.[1] ?? host).replace(/^\[|\]$/g, ""), match?.[2] ?? ""];
}

const escapePath = (path: string): string => {
  try {
    return path.replace(/[^A-Za-z0-9\-_.~!$&'()*+,;=:@/%[\]]/gu, encodeURIComponent);
  } catch {
    return path;
  }
};

function queryOf(query: string): LiteralMap {
  const values = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(query)) {
    const found = values.get(key);
    if (found === undefined) values.set(key, [value]);
    else found.push(value);
  }
  const map = new LiteralMap();
  for (const [key, list] of values) map.add(key, new ArrayList(list));
  return map;
}

/** What is wrong with a URL, for the format "uri". */
export function urlProblem(text: string): readonly string[] {
  const parsed = parse(text);
  return parsed instanceof Failure
    ? [parsed.message.replace(/^URL parse error during conversion from string: /, "")]
    : [];
}
