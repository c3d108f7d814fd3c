import { canonicalJson } from "./equal.ts";

// Upstream's alphabet for generated names: no vowels and no look-alikes, so that no hash reads as a word.
const SAFE = "bcdfghjklmnpqrstvwxz2456789";

/**
 * The value of pod-template-hash: FNV-1a (32 bit) of the template and the collision count, in the safe alphabet.
 * Stable over restarts and versions of minik; it need not equal upstream's, which hashes Go's own dump format.
 */
export function templateHash(template: unknown, collisionCount?: number): string {
  const text = canonicalJson(template) + (collisionCount === undefined ? "" : `#${collisionCount}`);
  return safeEncode(String(fnv1a(text)));
}

export function safeEncode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) out += SAFE[text.charCodeAt(i) % SAFE.length];
  return out;
}

export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** A suffix of `length` random characters of the safe alphabet. */
export function randomSuffix(length: number): string {
  let out = "";
  for (let i = 0; i < length; i++) out += SAFE[Math.floor(Math.random() * SAFE.length)];
  return out;
}
