// Protection of claims and volumes in use from deletion.
export { PvcProtectionController, PvProtectionController } from "./protection-controllers.ts";
