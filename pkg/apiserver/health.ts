import type { Reply, Route } from "./types.ts";

/** Checks by name; each says whether it holds. */
export type HealthChecks = Readonly<Record<string, () => boolean | Promise<boolean>>>;

const ENDPOINTS = ["healthz", "livez", "readyz"];

/** /healthz, /livez and /readyz, each check alone below them, `?verbose` and `?exclude=NAME` as upstream. */
export function healthRoute(checks: HealthChecks): Route {
  const all: HealthChecks = { ping: () => true, ...checks };
  const names = Object.keys(all);
  return {
    name: "health",
    matches: ({ isResource, path }) => !isResource && ENDPOINTS.includes(path.split("/", 2)[1] ?? ""),
    async handle({ info, method, query }) {
      const [, endpoint = "", ...rest] = info.path.split("/");
      const name = rest.join("/");
      if (method !== "GET" && method !== "HEAD") return text(405, "method not allowed\n");
      if (name !== "") {
        const check = Object.hasOwn(all, name) ? all[name] : undefined;
        if (check === undefined) return text(404, "404 page not found\n");
        return (await holds(check)) ? text(200, "ok") : text(500, `internal server error: ${name} failed\n`);
      }
      return report(endpoint, query);
    },
  };

  async function report(endpoint: string, query: URLSearchParams): Promise<Reply> {
    const excluded = new Set(query.getAll("exclude"));
    let lines = "";
    let failed = false;
    for (const name of names) {
      if (excluded.delete(name)) lines += `[+]${name} excluded: ok\n`;
      else if (await holds(all[name] as () => boolean)) lines += `[+]${name} ok\n`;
      else {
        failed = true;
        lines += `[-]${name} failed: reason withheld\n`;
      }
    }
    if (excluded.size > 0) {
      const strange = [...excluded].sort().map((name) => JSON.stringify(name));
      lines += `warn: some health checks cannot be excluded: no matches for ${strange.join(",")}\n`;
    }
    if (failed) return text(500, `${lines}${endpoint} check failed\n`);
    return text(200, query.has("verbose") ? `${lines}${endpoint} check passed\n` : "ok");
  }
}

async function holds(check: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}

function text(status: number, body: string): Reply {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return { kind: "bytes", status, headers, body };
}
