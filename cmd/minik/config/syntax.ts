import { isIP, isIPv4 } from "node:net";

/** "10.42.0.0/16"; the address must be the network's own. */
export function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !isIPv4(address) || !/^(\d|[12]\d|3[0-2])$/.test(bits)) return false;
  return addressRange(text)[0] === addressNumber(address);
}

export function addressNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** First and last address of an IPv4 CIDR, as numbers. */
export function addressRange(cidr: string): readonly [number, number] {
  const [address = "", bits = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(addressNumber(address) / size) * size;
  return [first, first + size - 1];
}

/** RFC 1123 subdomain. */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && text.split(".").every((part) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(part));
}

/** What a certificate can be for: a DNS name, also with "*." in front, or an address. */
export function isSubjectName(text: string): boolean {
  return isIP(text) !== 0 || isDnsName(text.toLowerCase().replace(/^\*\./, ""));
}

const isLabelValue = (text: string): boolean => text.length <= 63 && /^([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$/.test(text);

function isQualifiedName(text: string): boolean {
  const [name = "", prefix, ...more] = text.split("/").reverse();
  return more.length === 0 && (prefix === undefined || isDnsName(prefix)) && name !== "" && isLabelValue(name);
}

/** "key=value"; the value may be missing. */
export function isLabel(text: string): boolean {
  const [key = "", value = "", ...more] = text.split("=");
  return more.length === 0 && isQualifiedName(key) && isLabelValue(value);
}

/** "key=value:Effect" or "key:Effect". */
export function isTaint(text: string): boolean {
  const [label = "", effect = "", ...more] = text.split(":");
  return more.length === 0 && isLabel(label) && ["NoSchedule", "PreferNoSchedule", "NoExecute"].includes(effect);
}
