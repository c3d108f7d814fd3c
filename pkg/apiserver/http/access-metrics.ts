import type { Pipeline } from "../pipeline.ts";
import type { UserInfo } from "../types.ts";
import { headOf } from "./metric-text.ts";

/** Upstream names these users; there is no bound to the others. */
const NAMED = new Set(["admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"]);

/** Who was let in: upstream's metrics of authentication and authorization. */
export class AccessMetrics {
  #failures = 0;
  readonly #successes = new Map<string, number>();

  succeeded({ name }: UserInfo): void {
    const shown = NAMED.has(name) ? name : name.includes("@") ? "email_id" : "other";
    this.#successes.set(shown, (this.#successes.get(shown) ?? 0) + 1);
  }

  failed(): void {
    this.#failures++;
  }

  /** Lines of Prometheus text. */
  write(lines: string[], { allow, deny, "no-opinion": noOpinion }: Pipeline["decisions"]): void {
    let all = 0;
    lines.push(...headOf("authenticated_user_requests", "counter", "Authenticated requests by user."));
    for (const [name, count] of this.#successes) {
      all += count;
      lines.push(`authenticated_user_requests{username="${name}"} ${count}`);
    }
    lines.push(...headOf("authentication_attempts", "counter", "Authenticated attempts by result."));
    lines.push(`authentication_attempts{result="success"} ${all}`);
    lines.push(`authentication_attempts{result="failure"} ${this.#failures}`);
    lines.push(...headOf("authorization_attempts_total", "counter", "Authorization decisions by result."));
    lines.push(`authorization_attempts_total{result="allowed"} ${allow}`);
    lines.push(`authorization_attempts_total{result="denied"} ${deny}`);
    lines.push(`authorization_attempts_total{result="no-opinion"} ${noOpinion}`);
  }
}
