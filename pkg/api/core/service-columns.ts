import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { formatLabels } from "../labels.ts";
import type { Columns } from "../strategy-of.ts";
import type { Service } from "../types/core-v1.ts";

function loadBalancerAddresses(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.map((i) => i.ip || i.hostname || "").filter((address) => address !== "");
}

function externalAddress(service: Service): string {
  const external = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case "LoadBalancer": {
      const found = [...loadBalancerAddresses(service), ...external];
      return found.length === 0 ? "<pending>" : found.join(",");
    }
    case "ExternalName":
      return service.spec.externalName ?? "";
    default:
      return external.length === 0 ? "<none>" : external.join(",");
  }
}

function ports(service: Service): string {
  const shown = (service.spec?.ports ?? []).map((p) =>
    (p.nodePort ?? 0) === 0 ? `${p.port}/${p.protocol}` : `${p.port}:${p.nodePort}/${p.protocol}`,
  );
  return shown.length === 0 ? "<none>" : shown.join(",");
}

export const serviceColumns: Columns = [
  nameColumn,
  column("Type", "How the service is reached", (s: Service) => s.spec?.type),
  column(
    "Cluster-IP",
    "Address inside the cluster",
    (s: Service) => s.spec?.clusterIPs?.[0] || s.spec?.clusterIP || "<none>",
  ),
  column("External-IP", "Addresses outside of it", externalAddress),
  column("Port(s)", "Ports, with node ports", ports),
  ageColumn,
  wideColumn("Selector", "Labels of the pods behind it", (s: Service) => formatLabels(s.spec?.selector)),
];
