import { CommandError, run } from "#pkg/process/index.ts";

export type IptablesBackend = "nft" | "legacy";

/** One backend of iptables for IPv4. All changes go through `restore`, so that each is atomic per table. */
export interface Iptables {
  readonly backend: IptablesBackend;
  /** Applies iptables-restore text with --noflush: chains that are not named stay as they are. */
  restore(text: string, signal?: AbortSignal): Promise<void>;
  /** The rules of a table in iptables-save form. */
  save(table: string, signal?: AbortSignal): Promise<string>;
  /** True when the rule exists: `check("nat", ["POSTROUTING", "-j", "X"])`. */
  check(table: string, rule: readonly string[]): Promise<boolean>;
  /** Adds the rule at the head of its chain unless it is there. */
  ensureFirst(table: string, rule: readonly string[]): Promise<void>;
  /** Adds the rule at the end of its chain unless it is there. */
  ensureLast(table: string, rule: readonly string[]): Promise<void>;
  remove(table: string, rule: readonly string[]): Promise<void>;
}

/** Waits for the lock of other users of the legacy backend. */
const WAIT = ["-w", "5"] as const;

export function createIptables(backend: IptablesBackend): Iptables {
  const program = `iptables-${backend}`;
  const check: Iptables["check"] = async (table, rule) => {
    try {
      await run([program, ...WAIT, "-t", table, "-C", ...rule]);
      return true;
    } catch (err) {
      // 1: no such rule; 2: its target chain does not exist yet (nft backend).
      if (err instanceof CommandError && (err.exitCode === 1 || err.exitCode === 2)) return false;
      throw err;
    }
  };
  const ensure = async (table: string, how: "-I" | "-A", rule: readonly string[]): Promise<void> => {
    if (!(await check(table, rule))) await run([program, ...WAIT, "-t", table, how, ...rule]);
  };
  return {
    backend,
    check,
    ensureFirst: async (table, rule) => await ensure(table, "-I", rule),
    ensureLast: async (table, rule) => await ensure(table, "-A", rule),
    remove: async (table, rule) => {
      while (await check(table, rule)) await run([program, ...WAIT, "-t", table, "-D", ...rule]);
    },
    restore: async (text, signal) => {
      await run([`${program}-restore`, ...WAIT, "--noflush"], {
        input: text,
        timeoutMs: 60_000,
        ...(signal === undefined ? {} : { signal }),
      });
    },
    save: async (table, signal) =>
      (await run([`${program}-save`, "-t", table], { timeoutMs: 60_000, ...(signal === undefined ? {} : { signal }) }))
        .stdout,
  };
}

/**
 * The backend that the machine already uses, so that minik's rules stand beside the others': the one with more rules;
 * nft where both are empty; the only one that works where one is missing. @throws when iptables is not installed
 */
export async function detectIptables(): Promise<Iptables> {
  const rules = async (backend: IptablesBackend): Promise<number> => {
    try {
      const { stdout } = await run([`iptables-${backend}-save`]);
      return stdout.split("\n").filter((line) => line.startsWith("-A")).length;
    } catch {
      return -1;
    }
  };
  const [nft, legacy] = [await rules("nft"), await rules("legacy")];
  if (nft < 0 && legacy < 0) throw new Error("iptables does not run: install the package iptables, and run as root");
  return createIptables(legacy > nft ? "legacy" : "nft");
}
