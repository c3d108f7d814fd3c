// kube-proxy: ClusterIP, NodePort, external and load balancer addresses of Services as iptables rules.
// Reads Services, EndpointSlices and its Node; writes the chains KUBE-… and forgets stale UDP flows.
export { Proxier, type ProxierOptions, removeServiceRules } from "./proxier.ts";
