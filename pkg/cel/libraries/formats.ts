import {
  checkDns1035Label,
  checkDnsLabel,
  checkDnsSubdomain,
  checkLabelValue,
  checkQualifiedName,
  type Messages,
} from "#pkg/api/names.ts";
import { Failure } from "../runtime/failure.ts";
import { traversal } from "../runtime/size.ts";
import { parseTimestamp } from "../runtime/time.ts";
import { ArrayList, OpaqueValue, OptionalValue } from "../runtime/values.ts";
import { type Overload, overload } from "./overload.ts";
import { urlProblem } from "./urls.ts";

const F = "kubernetes.NamedFormat";

class FormatValue extends OpaqueValue {
  readonly typeName = F;
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name;
  }
}

/** A generated name's prefix may end in "-", since more follows. */
const prefix =
  (check: (value: string) => Messages) =>
  (value: string): Messages =>
    check(value.endsWith("-") ? `${value.slice(0, -1)}a` : value);
const when =
  (valid: (value: string) => boolean, message: string) =>
  (value: string): Messages =>
    valid(value) ? [] : [message];
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const FORMATS: Readonly<Record<string, (value: string) => Messages>> = {
  dns1123Label: checkDnsLabel,
  dns1123Subdomain: checkDnsSubdomain,
  dns1035Label: checkDns1035Label,
  qualifiedName: checkQualifiedName,
  dns1123LabelPrefix: prefix(checkDnsLabel),
  dns1123SubdomainPrefix: prefix(checkDnsSubdomain),
  dns1035LabelPrefix: prefix(checkDns1035Label),
  labelValue: checkLabelValue,
  uri: (value) => urlProblem(value),
  uuid: when(
    (value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value),
    "does not match the UUID format",
  ),
  byte: when((value) => BASE64.test(value), "invalid base64"),
  date: when((value) => !(parseTimestamp(`${value}T00:00:00Z`) instanceof Failure), "invalid date"),
  datetime: when((value) => !(parseTimestamp(value) instanceof Failure), "invalid datetime"),
};

/** Kubernetes' named formats: `format.dns1123Label().validate(name)` is optional.none() for what is right. */
export function formats(): readonly Overload[] {
  const named = (name: string): OptionalValue =>
    Object.hasOwn(FORMATS, name) ? OptionalValue.of(new FormatValue(name)) : OptionalValue.none;
  const validate = (format: FormatValue, value: string): OptionalValue => {
    const messages = FORMATS[format.name]?.(value) ?? [];
    return messages.length === 0 ? OptionalValue.none : OptionalValue.of(new ArrayList(messages));
  };
  return [
    overload(`format.named(string): optional<${F}>`, named),
    ...Object.keys(FORMATS).map((name) => overload(`format.${name}(): ${F}`, () => new FormatValue(name))),
    overload(`${F}.validate(string): optional<list<string>>`, validate, {
      cost: ([, value]) => 5 + traversal(value, 2),
      estimate: ([, value]) => ({ cost: 5 + Math.ceil((value?.size ?? 0) * 0.2) }),
    }),
  ];
}
