import type { RuleSet, Table } from "./types.ts";

const same = (a: readonly string[] | undefined, b: readonly string[]): boolean =>
  a !== undefined && (a === b || (a.length === b.length && a.every((line, i) => line === b[i])));

function tableText(name: string, before: Table, after: Table): string {
  const declared: string[] = [];
  const added: string[] = [];
  const removed: string[] = [];
  for (const [chain, lines] of after) {
    if (same(before.get(chain), lines)) continue;
    declared.push(`:${chain} - [0:0]`);
    for (const line of lines) added.push(`-A ${chain} ${line}`);
  }
  for (const chain of before.keys()) {
    if (after.has(chain)) continue;
    declared.push(`:${chain} - [0:0]`);
    removed.push(`-X ${chain}`);
  }
  if (declared.length === 0) return "";
  return `*${name}\n${[...declared, ...added, ...removed].join("\n")}\nCOMMIT\n`;
}

/**
 * iptables-restore text (--noflush) that turns `before` into `after`: changed chains are declared, which empties them,
 * and filled; chains that are gone are emptied and, once nothing refers to them, removed. "" when nothing changed.
 */
export function restoreText(before: RuleSet, after: RuleSet): string {
  return tableText("nat", before.nat, after.nat) + tableText("filter", before.filter, after.filter);
}
