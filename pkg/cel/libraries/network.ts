import { isIPv4, isIPv6 } from "node:net";
import { type AddressFamily, addressNumber, addressText } from "#pkg/api/address.ts";
import { Failure, failure } from "../runtime/failure.ts";
import { traversal } from "../runtime/size.ts";
import { OpaqueValue } from "../runtime/values.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";

class IpValue extends OpaqueValue {
  readonly typeName = "net.IP";
  readonly family: AddressFamily;
  readonly number: bigint;
  constructor(family: AddressFamily, number: bigint) {
    super();
    this.family = family;
    this.number = number;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && other.family === this.family && other.number === this.number;
  }
  override toString(): string {
    return addressText(this.number, this.family);
  }
}

class CidrValue extends OpaqueValue {
  readonly typeName = "net.CIDR";
  readonly ip: IpValue;
  readonly prefix: number;
  constructor(ip: IpValue, prefix: number) {
    super();
    this.ip = ip;
    this.prefix = prefix;
  }
  get masked(): CidrValue {
    return new CidrValue(new IpValue(this.ip.family, network(this.ip, this.prefix)), this.prefix);
  }
  contains(ip: IpValue): boolean {
    return ip.family === this.ip.family && network(ip, this.prefix) === network(this.ip, this.prefix);
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof CidrValue && other.prefix === this.prefix && other.ip.equals(this.ip);
  }
  override toString(): string {
    return `${this.ip}/${this.prefix}`;
  }
}

const bitsOf = (family: AddressFamily): number => (family === "IPv4" ? 32 : 128);
function network(ip: IpValue, prefix: number): bigint {
  const host = BigInt(bitsOf(ip.family) - prefix);
  return (ip.number >> host) << host;
}

/** IPv4-mapped IPv6 addresses, zones and leading zeros are refused, as upstream does. */
function parseIp(text: string): IpValue | Failure {
  const mapped = isIPv6(text) && (addressNumber(text) ?? 0n) >> 32n === 0xffffn;
  if (!(isIPv4(text) || isIPv6(text)) || text.includes("%"))
    return failure(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  if (mapped) return failure(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new IpValue(isIPv4(text) ? "IPv4" : "IPv6", addressNumber(text) as bigint);
}

function parseCidr(text: string): CidrValue | Failure {
  const [address = "", bits = ""] = text.split("/", 2);
  const ip = parseIp(address);
  const valid = /^(0|[1-9]\d{0,2})$/.test(bits) && text === `${address}/${bits}`;
  if (ip instanceof Failure || !valid || Number(bits) > bitsOf(ip.family))
    return failure(
      `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)})`,
    );
  return new CidrValue(ip, Number(bits));
}

const V4 = (text: string): bigint => addressNumber(text) as bigint;
const within = (ip: IpValue, base: string, prefix: number): boolean => {
  const family = isIPv4(base) ? "IPv4" : "IPv6";
  return ip.family === family && network(ip, prefix) === V4(base);
};
const either = (ip: IpValue, v4: readonly [string, number], v6: readonly [string, number]): boolean =>
  within(ip, ...v4) || within(ip, ...v6);

const isLinkLocal = (ip: IpValue): boolean => either(ip, ["169.254.0.0", 16], ["fe80::", 10]);
const isLinkLocalMulticast = (ip: IpValue): boolean =>
  within(ip, "224.0.0.0", 24) || (ip.family === "IPv6" && ip.number >> 112n === 0xff02n);
const isLoopback = (ip: IpValue): boolean => either(ip, ["127.0.0.0", 8], ["::1", 128]);
const isUnspecified = (ip: IpValue): boolean => ip.number === 0n;
const isMulticast = (ip: IpValue): boolean => either(ip, ["224.0.0.0", 4], ["ff00::", 8]);
const isGlobalUnicast = (ip: IpValue): boolean =>
  !(isUnspecified(ip) || isLoopback(ip) || isMulticast(ip) || isLinkLocal(ip)) && !within(ip, "255.255.255.255", 32);

const parsing: OverloadOptions = {
  cost: ([text]) => traversal(text),
  estimate: ([text]) => ({ cost: Math.ceil((text?.size ?? 0) * 0.1) }),
};
const comparing: OverloadOptions = {
  cost: ([, other]) => 4 + traversal(other),
  estimate: ([, other]) => ({ cost: 6 + Math.ceil((other?.size ?? 0) * 0.1) }),
};

/** Kubernetes' IP addresses and CIDRs. */
export function networks(): readonly Overload[] {
  const family = (ip: IpValue): bigint => (ip.family === "IPv4" ? 4n : 6n);
  const withText =
    <T extends OpaqueValue>(parse: (text: string) => T | Failure, test: (cidr: CidrValue, other: T) => boolean) =>
    (cidr: CidrValue, text: string): boolean | Failure => {
      const other = parse(text);
      return other instanceof Failure ? other : test(cidr, other);
    };
  const hasIp = (cidr: CidrValue, ip: IpValue): boolean => cidr.contains(ip);
  const hasCidr = (cidr: CidrValue, other: CidrValue): boolean =>
    other.prefix >= cidr.prefix && cidr.contains(other.ip);
  return [
    overload("ip(string): net.IP", parseIp, parsing),
    overload("isIP(string): bool", (text: string) => !(parseIp(text) instanceof Failure), parsing),
    overload("ip.isCanonical(string): bool", isCanonical, parsing),
    overload("string(net.IP): string", String),
    overload("net.IP.family(): int", family),
    overload("net.IP.isUnspecified(): bool", isUnspecified),
    overload("net.IP.isLoopback(): bool", isLoopback),
    overload("net.IP.isLinkLocalMulticast(): bool", isLinkLocalMulticast),
    overload("net.IP.isLinkLocalUnicast(): bool", isLinkLocal),
    overload("net.IP.isGlobalUnicast(): bool", isGlobalUnicast),
    overload("cidr(string): net.CIDR", parseCidr, parsing),
    overload("isCIDR(string): bool", (text: string) => !(parseCidr(text) instanceof Failure), parsing),
    overload("string(net.CIDR): string", String),
    overload("net.CIDR.containsIP(net.IP): bool", hasIp, comparing),
    overload("net.CIDR.containsIP(string): bool", withText(parseIp, hasIp), comparing),
    overload("net.CIDR.containsCIDR(net.CIDR): bool", hasCidr, comparing),
    overload("net.CIDR.containsCIDR(string): bool", withText(parseCidr, hasCidr), comparing),
    overload("net.CIDR.ip(): net.IP", (cidr: CidrValue) => cidr.ip),
    overload("net.CIDR.prefixLength(): int", (cidr: CidrValue) => BigInt(cidr.prefix)),
    overload("net.CIDR.masked(): net.CIDR", (cidr: CidrValue) => cidr.masked),
  ];
}

function isCanonical(text: string): boolean | Failure {
  const ip = parseIp(text);
  return ip instanceof Failure ? ip : String(ip) === text;
}
