/**
 * What names, labels and addresses may look like (API conventions "Names", RFC 1123, RFC 1035). Every check returns
 * upstream's messages, none when the value is fine.
 */
import { isIPv4, isIPv6 } from "node:net";
import { addressNumber, addressText, parseCidr } from "./address.ts";

const LABEL_FMT = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_FMT = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_1035_FMT = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_FMT = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE_FMT = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const CONFIG_KEY_FMT = "[-._a-zA-Z0-9]+";

const label = new RegExp(`^${LABEL_FMT}$`);
const subdomain = new RegExp(`^${SUBDOMAIN_FMT}$`);
const wildcardSubdomain = new RegExp(`^\\*\\.${SUBDOMAIN_FMT}$`);
const label1035 = new RegExp(`^${LABEL_1035_FMT}$`);
const qualified = new RegExp(`^${QUALIFIED_FMT}$`);
const labelValue = new RegExp(`^${LABEL_VALUE_FMT}$`);
const configKey = new RegExp(`^${CONFIG_KEY_FMT}$`);

const NONE: readonly string[] = [];
export type Messages = readonly string[];

/** "RULE (e.g. 'a',  or 'b', regex used for validation is 'FMT')", upstream's words for a failed pattern, two blanks and all. */
export function patternMessage(rule: string, format: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${rule} (regex used for validation is '${format}')`;
  const shown = examples.map((e) => `'${e}'`).join(",  or ");
  return `${rule} (e.g. ${shown}, regex used for validation is '${format}')`;
}
export const tooLongMessage = (max: number): string => `must be no more than ${max} bytes`;

function check(value: string, pattern: RegExp, max: number, message: () => string): Messages {
  const fits = value.length <= max;
  const matches = pattern.test(value);
  if (fits && matches) return NONE;
  const found: string[] = [];
  if (!fits) found.push(tooLongMessage(max));
  if (!matches) found.push(message());
  return found;
}

export const checkDnsLabel = (value: string): Messages =>
  check(value, label, 63, () =>
    patternMessage(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
      LABEL_FMT,
      "my-name",
      "123-abc",
    ),
  );

const subdomainMessage = (): string =>
  patternMessage(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    SUBDOMAIN_FMT,
    "example.com",
  );
export const checkDnsSubdomain = (value: string): Messages => check(value, subdomain, 253, subdomainMessage);

export const checkWildcardDnsSubdomain = (value: string): Messages =>
  check(value, wildcardSubdomain, 253, () =>
    patternMessage(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
      `\\*\\.${SUBDOMAIN_FMT}`,
      "*.example.com",
    ),
  );

export const checkDns1035Label = (value: string): Messages =>
  check(value, label1035, 63, () =>
    patternMessage(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      LABEL_1035_FMT,
      "my-name",
      "abc-123",
    ),
  );

/** "name" or "prefix/name": label and annotation keys, resource names, finalizers. */
export function checkQualifiedName(value: string): Messages {
  const slash = value.indexOf("/");
  let name = value;
  const found: string[] = [];
  if (slash >= 0) {
    if (value.indexOf("/", slash + 1) >= 0) {
      return [
        `a qualified name ${patternMessage(
          "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
          QUALIFIED_FMT,
          "MyName",
          "my.name",
          "123-abc",
        )} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      ];
    }
    const prefix = value.slice(0, slash);
    name = value.slice(slash + 1);
    if (prefix === "") found.push("prefix part must be non-empty");
    else for (const m of checkDnsSubdomain(prefix)) found.push(`prefix part ${m}`);
  }
  if (name === "") found.push("name part must be non-empty");
  else if (name.length > 63) found.push(`name part ${tooLongMessage(63)}`);
  if (!qualified.test(name)) {
    found.push(
      `name part ${patternMessage(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        QUALIFIED_FMT,
        "MyName",
        "my.name",
        "123-abc",
      )}`,
    );
  }
  return found.length === 0 ? NONE : found;
}

export const checkLabelValue = (value: string): Messages =>
  check(value, labelValue, 63, () =>
    patternMessage(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      LABEL_VALUE_FMT,
      "MyValue",
      "my_value",
      "12345",
    ),
  );

/** Keys of ConfigMaps and Secrets. */
export function checkConfigKey(value: string): Messages {
  const found = [
    ...check(value, configKey, 253, () =>
      patternMessage(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY_FMT,
        "key.name",
        "KEY_NAME",
        "key-name",
      ),
    ),
  ];
  if (value === ".") found.push("must not be '.'");
  else if (value === "..") found.push("must not be '..'");
  else if (value.startsWith("..")) found.push("must not start with '..'");
  return found;
}

/** Any printable ASCII besides "=", as upstream's relaxed rule for container environment variables. */
export function checkEnvVarName(value: string): Messages {
  if (value === "") return ["environment variable name must be at least 1 character"];
  if (/^[ -<>-~]+$/.test(value)) return NONE;
  return [
    patternMessage(
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
      "^[ -<>-~]+$",
    ),
  ];
}
/** IANA service names: names of container and Service ports. */
export function checkPortName(value: string): Messages {
  if (/^[a-z0-9]([a-z0-9]|-(?!-))*$/.test(value) && value.length <= 15 && !value.endsWith("-") && /[a-z]/.test(value)) {
    return NONE;
  }
  const found: string[] = [];
  if (value.length > 15) found.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(value)) found.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) found.push("must contain at least one letter (a-z)");
  if (value.includes("--")) found.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) found.push("must not begin or end with a hyphen");
  return found;
}

export const checkPortNumber = (port: number): Messages =>
  port >= 1 && port <= 65535 ? NONE : ["must be between 1 and 65535, inclusive"];

export const checkPercent = (value: string): Messages =>
  /^[0-9]+%$/.test(value)
    ? NONE
    : [
        patternMessage(
          "a valid percent string must be a numeric string followed by an ending '%'",
          "[0-9]+%",
          "1%",
          "93%",
        ),
      ];

export const checkIp = (value: string): Messages =>
  isIPv4(value) || (isIPv6(value) && !value.includes("%"))
    ? NONE
    : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];

export function checkCidr(value: string): Messages {
  const slash = value.indexOf("/");
  const address = value.slice(0, slash);
  const bits = value.slice(slash + 1);
  const max = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return slash > 0 && /^(0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= max
    ? NONE
    : ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
}

/** Addresses that reach nobody else: upstream's ValidateNonSpecialIP. */
export function checkNonSpecialIp(value: string): Messages {
  const number = addressNumber(value);
  if (number === undefined) return ["must be a valid IP address"];
  const isV6 = value.includes(":");
  const starts = (bits: bigint, prefix: bigint): boolean => number >> ((isV6 ? 128n : 32n) - prefix) === bits;
  const found: string[] = [];
  if (number === 0n) found.push(`may not be unspecified (${value})`);
  if (isV6 ? number === 1n : starts(127n, 8n)) {
    found.push("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  }
  if (isV6 ? starts(0x3fan, 10n) : starts(0xa9fen, 16n)) {
    found.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (isV6 ? starts(0xff02n, 16n) : starts(0xe00000n, 24n)) {
    found.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
  return found;
}

/** As checkCidr, written as Go would print it: no host bits, no leading zeros, IPv6 in its short form. */
export function checkCanonicalCidr(value: string): Messages {
  const wrong = checkCidr(value);
  if (wrong.length > 0) return wrong;
  const { base, family, prefix } = parseCidr(value);
  const canonical = `${addressText(base, family)}/${prefix}`;
  return canonical === value ? NONE : [`must be in canonical form ("${canonical}")`];
}

/** "example.com/path/of/it": upstream's IsDomainPrefixedPath. */
export function checkDomainPath(value: string): Messages {
  const slash = value.indexOf("/");
  if (value === "") return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  if (slash < 1 || slash === value.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  const found: string[] = [];
  for (const m of checkDnsSubdomain(value.slice(0, slash))) found.push(m);
  const path = value.slice(slash + 1);
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path)) {
    found.push(patternMessage("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"));
  }
  return found;
}

/** Names of RBAC objects and of anything else that only must be one segment of a path. */
export function checkPathSegment(value: string): Messages {
  if (value === ".") return ["may not be '.'"];
  if (value === "..") return ["may not be '..'"];
  const found: string[] = [];
  for (const c of ["/", "%"]) if (value.includes(c)) found.push(`may not contain '${c}'`);
  return found.length === 0 ? NONE : found;
}
