// Says that ServiceCIDRs are ready and keeps those that are being deleted until none of their addresses is in use.
// Reads ServiceCIDRs, and IPAddresses only while one is being deleted; writes finalizers and conditions of ServiceCIDRs.
export { ServiceCidrController } from "./service-cidr-controller.ts";
