import type { Reply, Route } from "./types.ts";

/** Checks by name; each says whether it holds. */
export type HealthChecks = Readonly<Record<string, () => boolean>>;

const ENDPOINTS = ["healthz", "livez", "readyz"];

/** /healthz, /livez and /readyz, each check alone below them, `?verbose` and `?exclude=NAME` as upstream. */
export function healthRoute(checks: HealthChecks): Route {
  const all: HealthChecks = { ping: () => true, ...checks };
  return {
    name: "health",
    matches: ({ isResource, path }) => !isResource && ENDPOINTS.includes(path.split("/")[1] ?? ""),
    async handle({ info, query }) {
      const [, endpoint = "", name = ""] = info.path.split("/");
      if (name !== "") {
        const check = Object.hasOwn(all, name) ? all[name] : undefined;
        if (check === undefined) return text(404, "404 page not found\n");
        return check() ? text(200, "ok") : text(500, `internal server error: ${name} failed\n`);
      }
      const excluded = new Set(query.getAll("exclude"));
      const lines: string[] = [];
      let failed = false;
      for (const [each, holds] of Object.entries(all)) {
        if (excluded.has(each)) lines.push(`[+]${each} excluded: ok`);
        else if (holds()) lines.push(`[+]${each} ok`);
        else {
          failed = true;
          lines.push(`[-]${each} failed: reason withheld`);
        }
      }
      if (failed) return text(500, `${lines.join("\n")}\n${endpoint} check failed\n`);
      return text(200, query.has("verbose") ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok");
    },
  };
}

function text(status: number, body: string): Reply {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return { kind: "bytes", status, headers, body };
}
