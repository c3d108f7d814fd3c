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
 * and other hosts are left as they are. `backendHost` is the Host that the backend was asked under.
 */
export function rewriteUrl(link: string, backendHost: string, prefix: Prefix): string {
  const absolute = /^([a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)(.*)$/i.exec(link);
  if (absolute !== null && absolute[2] !== backendHost) return link;
  const rest = absolute === null ? link : (absolute[3] ?? "");
  if (!rest.startsWith("/") && absolute === null) return link;
  const at = rest.search(/[?#]/);
  const path = at < 0 ? rest : rest.slice(0, at);
  const suffix = at < 0 ? "" : rest.slice(at);
  const origin = absolute === null || prefix.host === "" ? "" : `https://${prefix.host}`;
  if (path === prefix.path || path.startsWith(`${prefix.path}/`)) return `${origin}${path}${suffix}`;
  return `${origin}${posix.join(prefix.path, path === "" ? "/" : path)}${suffix}`;
}

const TAG = /<[a-z][^<>]*>/gi;
/** Attributes of HTML that hold a link. */
const LINK =
  /(\s(?:action|background|cite|codebase|data|href|icon|longdesc|manifest|profile|src|usemap)\s*=\s*)("[^"]*"|'[^']*')/gi;

/** An HTML page whose links to the backend stay inside the proxy. */
export function rewriteHtml(html: string, backendHost: string, prefix: Prefix): string {
  return html.replace(TAG, (tag) =>
    tag.replace(LINK, (_all, head: string, quoted: string) => {
      const quote = quoted.charAt(0);
      return `${head}${quote}${rewriteUrl(quoted.slice(1, -1), backendHost, prefix)}${quote}`;
    }),
  );
}
