// The machine's iptables, nft or legacy: finds the backend in use, applies and reads rules. Who writes which chains:
// pkg/proxy (KUBE-…) and pkg/network (MINIK-…).
export { createIptables, detectIptables, type Iptables, type IptablesBackend } from "./iptables.ts";
