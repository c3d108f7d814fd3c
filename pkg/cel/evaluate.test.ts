import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CelEnvironment, celTypes, evaluate, toJson } from "./index.ts";

const environment = new CelEnvironment({
  variables: { d: celTypes.dyn, n: celTypes.int, s: celTypes.string, l: celTypes.list(celTypes.int) },
});
const BINDINGS = {
  d: { a: 1, b: 1.5, s: "x", list: ["p", "q"], nested: { "k-1": true }, none: null },
  n: 7,
  s: "text",
  l: [3, 1, 2],
};

/** The value as JSON, or the error after "!". */
function run(expression: string): unknown {
  const compiled = environment.compile(expression);
  if (compiled.error !== undefined) return `!${compiled.error.split("\n")[0]}`;
  const result = evaluate(compiled, BINDINGS);
  return result.error === undefined ? toJson(result.value) : `!${result.error}`;
}

const table = (title: string, cases: Readonly<Record<string, unknown>>): void => {
  it(title, () => {
    for (const [expression, expected] of Object.entries(cases)) assert.deepEqual(run(expression), expected, expression);
  });
};

describe("evaluate", () => {
  table("evaluate computes arithmetic when types agree", {
    "1 + 2 * 3": 7,
    "7 / 2": 3,
    "-7 % 3": -1,
    "7.0 / 2.0": 3.5,
    "1u + 2u": 3,
    "0x10": 16,
    "1e3": 1000,
    "n + 1": 8,
    "d.a + 1": 2,
    "d.b * 2.0": 3,
    "-n": -7,
    "--n": 7,
    "1 / 0": "!division by zero",
    "1 % 0": "!modulus by zero",
    "9223372036854775807 + 1": "!integer overflow",
    "-9223372036854775808 - 1": "!integer overflow",
    "d.a + d.s": "!no such overload: _+_(int, string)",
  });
  table("evaluate compares when types are numbers, texts, times", {
    "1 < 2.5": true,
    "2u >= 2": true,
    "d.a == 1": true,
    "d.a == 1.0": true,
    "'a' < 'b'": true,
    "'\\uE000' < '\\U0001F600'": true,
    "[1, 2] == [1, 2]": true,
    "{'a': 1} == {'a': 1}": true,
    "dyn([1]) == dyn(['1'])": false,
    "null == d.none": true,
    "type(1) == int": true,
    "type(d) == map": true,
    "timestamp('2024-01-01T00:00:00Z') < timestamp('2024-01-01T00:00:01Z')": true,
  });
  table("evaluate absorbs errors when the other side decides", {
    "1 / 0 == 1 || true": true,
    "d.x && false": false,
    "d.x || false": "!no such key: x",
    "true ? 1 : 1 / 0": 1,
    "[0, 1].exists(i, 1 / i == 1)": true,
    "[0, 1].all(i, 1 / i == 1)": "!division by zero",
  });
  table("evaluate runs macros when lists and maps are ranged over", {
    "l.all(i, i > 0)": true,
    "l.exists(i, i == 2)": true,
    "l.exists_one(i, i == 2)": true,
    "l.map(i, i * 2)": [6, 2, 4],
    "l.map(i, i > 1, i * 2)": [6, 4],
    "l.filter(i, i > 1)": [3, 2],
    "d.nested.all(k, k.startsWith('k'))": true,
    "l.all(i, v, v > i || i > 0)": true,
    "l.transformList(i, v, i + v)": [3, 2, 4],
    "l.transformList(i, v, v > 1, v)": [3, 2],
    "{'a': 1}.transformMap(k, v, v + 1)": { a: 2 },
    "['x'].transformMapEntry(i, v, {v: i})": { x: 0 },
    "{'a': 1}.exists(k, v, k == 'a' && v == 1)": true,
    "optional.of([1].map(i, i)).optMap(x, (x + [2]) == x).value()": false,
    "[[1], [2]].map(x, x.map(y, y + 1))": [[2], [3]],
  });
  table("evaluate handles what is absent when asked with has and optionals", {
    "has(d.a)": true,
    "has(d.x)": false,
    "has(d.nested.x)": false,
    "d.x": "!no such key: x",
    "d.?x.orValue(5)": 5,
    "d.?nested.?x.y.hasValue()": false,
    "d[?'a'].optMap(v, v + 1).orValue(0)": 2,
    "d.?x.optFlatMap(v, optional.of(v)).hasValue()": false,
    "l[?9].orValue(-1)": -1,
    "l[9]": "!index out of bounds: 9",
    "[?d.?a, ?d.?x]": [1],
    "{?'a': d.?a, ?'x': d.?x}": { a: 1 },
    "optional.none().or(optional.of(1)).value()": 1,
    "optional.ofNonZeroValue('').hasValue()": false,
    "d.nested['k-1']": true,
    "d.nested.`k-1`": true,
    "'a' in d && !('x' in d)": true,
    "2 in l": true,
  });
  table("evaluate converts when asked", {
    "int('12')": 12,
    "int(1.9)": 1,
    "string(1.5)": "1.5",
    "double('1.5')": 1.5,
    "string(duration('1h30m'))": "5400s",
    "string(timestamp('2024-02-29T12:00:00.5+01:00'))": "2024-02-29T11:00:00.5Z",
    "timestamp('2024-01-01T00:00:00Z') + duration('24h')": "2024-01-02T00:00:00Z",
    "timestamp('2024-03-01T10:00:00Z').getMonth()": 2,
    "timestamp('2024-03-01T10:00:00Z').getHours('America/New_York')": 5,
    "duration('90m').getHours()": 1,
    "bytes('é').size()": 2,
    "'é😀'.size()": 2,
    "b'\\xff' == b'\\377'": true,
    "r'\\n' == '\\\\n'": true,
  });
  table("evaluate has the strings extension when texts are taken apart", {
    "'tacocat'.charAt(3)": "o",
    "'tacocat'.indexOf('a', 2)": 5,
    "'tacocat'.lastIndexOf('c')": 4,
    "'tacocat'.substring(4)": "cat",
    "'tacocat'.substring(0, 4)": "taco",
    "'😀b'.indexOf('b')": 1,
    "'  a '.trim()": "a",
    "'aXb'.lowerAscii() + 'é'.upperAscii()": "axbé",
    "'a.b.c'.split('.')": ["a", "b", "c"],
    "'a.b.c'.split('.', 2)": ["a", "b.c"],
    "['a', 'b'].join('-')": "a-b",
    "'aaa'.replace('a', 'b', 2)": "bba",
    "'ab'.replace('', '_')": "_a_b_",
    "'%s has %d of %.2f, %x'.format(['x', 3, 1.5, 255])": "x has 3 of 1.50, ff",
    "strings.quote('a\"b')": '"a\\"b"',
    "s.matches('^te.t$')": true,
    "'abc 123'.find('[0-9]+')": "123",
    "'a1b2'.findAll('[0-9]')": ["1", "2"],
  });
  table("evaluate has Kubernetes' libraries when expressions use them", {
    "l.isSorted()": false,
    "l.sum() == 6 && l.min() == 1 && l.max() == 3": true,
    "[1, 2, 1].lastIndexOf(1)": 2,
    "[1, 2].indexOf(2)": 1,
    "sets.contains([1, 2], [2])": true,
    "sets.equivalent([1, 1], [1])": true,
    "sets.intersects([1], [2])": false,
    "url('https://ex.com:80/p?a=1&a=2').getHost()": "ex.com:80",
    "url('https://ex.com:80/p?a=1&a=2').getPort()": "80",
    "url('https://[::1]:80/').getHostname()": "::1",
    "url('https://ex.com/a b').getEscapedPath()": "/a%20b",
    "url('https://ex.com?a=1&a=2').getQuery()": { a: ["1", "2"] },
    "isURL('/path') && !isURL('../x')": true,
    "quantity('1.5Gi').isGreaterThan(quantity('1G'))": true,
    "quantity('500m').add(quantity('0.5')).asInteger()": 1,
    "quantity('50k').sub(20).compareTo(quantity('49980'))": 0,
    "quantity('1500m').isInteger()": false,
    "isQuantity('1x')": false,
    "ip('10.0.0.1').family()": 4,
    "ip('::1').isLoopback() && ip('127.9.0.1').isLoopback()": true,
    "isIP('1.2.3.256')": false,
    "ip.isCanonical('2001:DB8::1')": false,
    "string(ip('2001:DB8::1'))": "2001:db8::1",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3')": true,
    "cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16'))": true,
    "cidr('10.1.2.3/8').masked().prefixLength()": 8,
    "isCIDR('10.0.0.0/33')": false,
    "format.dns1123Label().validate('A').hasValue()": true,
    "format.named('dns1123Label').value().validate('a').hasValue()": false,
    "format.named('nope').hasValue()": false,
    "semver('1.2.3').isLessThan(semver('1.10.0'))": true,
    "semver('v1.2', true).major()": 1,
    "isSemver('1.2')": false,
  });

  it("evaluate stops when an expression costs more than the limit", () => {
    const list = celTypes.list(celTypes.int);
    const env = new CelEnvironment({ variables: { l: list } });
    const compiled = env.compile("l.all(a, l.all(b, l.all(c, a + b + c >= 0)))");
    assert.ok(compiled.error === undefined);
    const big = Array.from({ length: 1000 }, (_, i) => i);
    const result = evaluate(compiled, { l: big });
    assert.equal(result.error, "operation cancelled: actual cost limit exceeded");
    const budget = { remaining: 100 };
    const second = evaluate(compiled, { l: big }, { budget });
    assert.ok(second.error !== undefined && second.reason === "budget");
    assert.ok(budget.remaining < 0);
  });
});
