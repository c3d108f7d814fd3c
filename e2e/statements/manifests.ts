// What the kubectl statements are tried on: small servers out of the lab's busybox.
import { BUSYBOX_IMAGE } from "../lab/index.ts";

/** A pod's spec that runs a shell script and ends at once when it is told to. */
const running = (script: string, more: object = {}): object => ({
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image: BUSYBOX_IMAGE, command: ["sh", "-c", script], ...more }],
});

const SLEEP = "exec sleep 3600";

/** Many objects for one `kubectl create -f -`. */
export const listOf = (...items: object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

export function deployment(name: string, image: string): object {
  const labels = { app: name };
  const { containers, ...rest } = running(SLEEP) as { containers: object[] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...rest, containers: containers.map((each) => ({ ...each, image })) } },
    },
  };
}

export function replicationController(name: string, replicas: number, script = SLEEP): object {
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name },
    spec: {
      replicas,
      selector: { app: name },
      template: { metadata: { labels: { app: name } }, spec: running(script) },
    },
  };
}

export const pod = (name: string, script = SLEEP): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: running(script),
});

/** Answers every request on `port` with the pod's name. */
export const naming = (port: number): string =>
  `mkdir -p /tmp/www; hostname > /tmp/www/index.html; exec httpd -f -p ${port} -h /tmp/www`;

/** The guestbook's parts, each a CGI program; Services are found in the environment. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  primary: {
    set: 'echo "${QUERY_STRING#value=}" > /tmp/entry; echo stored',
    get: "cat /tmp/entry",
  },
  replica: { get: 'wget -q -O - "http://$PRIMARY_SERVICE_HOST/cgi-bin/get"' },
  frontend: {
    set: 'wget -q -O - "http://$PRIMARY_SERVICE_HOST/cgi-bin/set?$QUERY_STRING"',
    get: 'wget -q -O - "http://$REPLICA_SERVICE_HOST/cgi-bin/get"',
  },
};
const REPLICAS: Readonly<Record<string, number>> = { primary: 1, replica: 2, frontend: 1 };

/** One Service per part: they must be there before the pods that are told of them. */
export const guestbookServices = (): object[] =>
  Object.keys(PROGRAMS).map((name) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels: { guestbook: "yes" } },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  }));

export const guestbookWorkloads = (): object[] =>
  Object.entries(PROGRAMS).flatMap(([name, programs]) => {
    const lines = ([file, program]: [string, string]): string[] => [
      file,
      `#!/bin/sh\necho Content-Type: text/plain\necho\n${program}\n`,
    ];
    const labels = { app: name, guestbook: "yes" };
    const server = {
      volumeMounts: [{ name: "programs", mountPath: "/www/cgi-bin" }],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    };
    const spec = {
      ...running("exec httpd -f -p 8080 -h /www", server),
      volumes: [{ name: "programs", configMap: { name, defaultMode: 0o755 } }],
    };
    return [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, labels },
        data: Object.fromEntries(Object.entries(programs).map(lines)),
      },
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, labels },
        spec: {
          replicas: REPLICAS[name],
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec },
        },
      },
    ];
  });

/** The kind Foo of the suite's statements about published schemas. */
export const fooDefinition = (): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "foos.statements.example.com" },
  spec: {
    group: "statements.example.com",
    scope: "Namespaced",
    names: { plural: "foos", singular: "foo", kind: "Foo" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            description: "Foo CRD for Testing",
            properties: {
              spec: {
                type: "object",
                description: "Specification of Foo",
                properties: {
                  bars: {
                    type: "array",
                    description: "List of Bars and their specs.",
                    items: {
                      type: "object",
                      required: ["name"],
                      properties: {
                        name: { type: "string", description: "Name of Bar." },
                        age: { type: "string", description: "Age of Bar." },
                        bazs: { type: "array", description: "List of Bazs.", items: { type: "string" } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
});
