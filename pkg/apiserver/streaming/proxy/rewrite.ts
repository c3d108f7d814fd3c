import { posix } from "node:path";

/** The public side of a proxied backend: what its own absolute paths must become for the caller. */
export interface Prefix {
  /** "/api/v1/namespaces/a/pods/b/proxy" */
  readonly path: string;
  /** Host header of the caller's request; "" for callers in process. */
  readonly host: string;
}

/**
 * A Location header or a link of the backend. What points at the backend itself stays inside the proxy; relative links
 * and other hosts are left as they are. `backendHosts`: its address, and the Host that it was asked under.
 */
export function rewriteUrl(link: string, backendHosts: readonly string[], prefix: Prefix): string {
  const absolute = /^([a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)(.*)$/i.exec(link);
  if (absolute !== null && !backendHosts.includes(absolute[2] ?? "")) return link;
  const rest = absolute === null ? link : (absolute[3] ?? "");
  if (!rest.startsWith("/") && absolute === null) return link;
  const at = rest.search(/[?#]/);
  const path = at < 0 ? rest : rest.slice(0, at);
  const suffix = at < 0 ? "" : rest.slice(at);
  const origin = absolute === null || prefix.host === "" ? "" : `https://${prefix.host}`;
  if (path === prefix.path || path.startsWith(`${prefix.path}/`)) return `${origin}${path}${suffix}`;
  return `${origin}${posix.join(prefix.path, path === "" ? "/" : path)}${suffix}`;
}

const TAG = /<([a-z][a-z0-9]*)(?=[\s/>])[^<>]*>/gi;
const ATTRIBUTE = /(\s([a-z]+)\s*=\s*)("[^"]*"|'[^']*')/gi;

/** Attributes that hold a link, by element: those that upstream rewrites. */
const LINKS: Readonly<Record<string, string>> = {
  a: "href",
  applet: "codebase",
  area: "href",
  audio: "src",
  base: "href",
  blockquote: "cite",
  body: "background",
  button: "formaction",
  command: "icon",
  del: "cite",
  embed: "src",
  form: "action",
  frame: "longdesc src",
  head: "profile",
  html: "manifest",
  iframe: "longdesc src",
  img: "longdesc src usemap",
  input: "src usemap formaction",
  ins: "cite",
  link: "href",
  object: "classid codebase data usemap",
  q: "cite",
  script: "src",
  source: "src",
  video: "poster src",
};

/** An HTML page whose links to the backend stay inside the proxy. */
export function rewriteHtml(html: string, backendHosts: readonly string[], prefix: Prefix): string {
  return html.replace(TAG, (tag: string, element: string) => {
    const name = element.toLowerCase();
    const links = Object.hasOwn(LINKS, name) ? (LINKS[name] as string).split(" ") : [];
    if (links.length === 0) return tag;
    return tag.replace(ATTRIBUTE, (all: string, head: string, attribute: string, quoted: string) => {
      if (!links.includes(attribute.toLowerCase())) return all;
      const quote = quoted.charAt(0);
      return `${head}${quote}${rewriteUrl(quoted.slice(1, -1), backendHosts, prefix)}${quote}`;
    });
  });
}
