import { BUSYBOX_IMAGE } from "../lab/index.ts";

/** A Deployment (3 replicas) with ConfigMap and Secret, and a NodePort Service in front: each answer is the pod's name. */
export function manifest(namespace: string, nodePort: number): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: site, namespace: ${namespace} }
data: { color: blue }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: ${namespace} }
stringData: { password: open-sesame }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ${namespace} }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: ${BUSYBOX_IMAGE}
          # sh stays process 1, so that the server can be killed from inside, and ends at once when it is asked to.
          command: [sh, -c, 'trap "exit 0" TERM; echo started color=$COLOR; mkdir -p /tmp/www; hostname > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www & wait $!']
          env:
            - name: COLOR
              valueFrom: { configMapKeyRef: { name: site, key: color } }
            - name: PASSWORD
              valueFrom: { secretKeyRef: { name: key, key: password } }
          ports: [{ containerPort: 8080, name: http }]
          readinessProbe: { httpGet: { path: /, port: http }, periodSeconds: 1 }
          volumeMounts:
            - { name: site, mountPath: /site }
            - { name: key, mountPath: /key }
      volumes:
        - { name: site, configMap: { name: site } }
        - { name: key, secret: { secretName: key } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: ${namespace} }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 80, targetPort: http, nodePort: ${nodePort} }]
`;
}
